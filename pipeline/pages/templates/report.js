"use strict";

// Pictures stand below, as base64 text; each becomes a blob when something first shows it. The page is there before they
// all are, so that it is quick however many they may be.
const addresses = new Map();
function address(id) {
  if (!addresses.has(id)) {
    const element = document.getElementById(id);
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    addresses.set(id, URL.createObjectURL(new Blob([bytes], { type: element.dataset.kind })));
  }
  return addresses.get(id);
}

function show(image) {
  if (!document.getElementById(image.dataset.picture)) return void document.addEventListener("DOMContentLoaded", () => show(image));
  const wanted = address(image.dataset.picture);
  if (image.src !== wanted) image.src = wanted;
}

const near = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => { near.unobserve(target); target.querySelectorAll("img[data-picture]").forEach(show); }),
  { rootMargin: "800px" },
);
document.querySelectorAll(".lazy").forEach((element) => near.observe(element));

// The slider between any two pictures of a pair.
for (const viewer of document.querySelectorAll(".viewer")) {
  const frame = viewer.querySelector(".frame");
  const range = frame.querySelector("input");
  const sides = [...viewer.querySelectorAll("select")];
  const pressable = [...viewer.querySelectorAll(".strip button")];
  const refresh = () => {
    sides.forEach((select) => {
      const image = frame.querySelector(`img.${select.dataset.side}`);
      const text = select.selectedOptions[0].textContent;
      image.dataset.picture = select.value;
      image.alt = text;
      show(image);
      frame.querySelector(`.tag.${select.dataset.tag}`).textContent = text;
    });
    pressable.forEach((button) => button.setAttribute("aria-pressed", sides.some((side) => side.value === button.value)));
  };
  const measureAgain = inspect(frame);
  // Weakened, the picture on the right lets the content shine through: that is what --strength computes.
  const base = made("img", { className: "base", alt: "" });
  base.addEventListener("load", () => measureAgain.over());
  const over = frame.querySelector("img.over");
  const strength = viewer.querySelector("input.strength");
  strength.addEventListener("input", () => {
    if (!base.isConnected) over.before(base);
    base.dataset.picture = sides[1].options[0].value;
    show(base);
    over.style.opacity = strength.value;
    requestAnimationFrame(measureAgain.over);
    strength.nextElementSibling.textContent = Number(strength.value).toFixed(2);
  });
  range.addEventListener("input", () => frame.style.setProperty("--split", `${range.value}%`));
  sides.forEach((select) => select.addEventListener("change", refresh));
  pressable.forEach((button) => button.addEventListener("click", () => { sides[1].value = button.value; refresh(); }));
  viewer.querySelector(".swap").addEventListener("click", () => {
    [sides[0].value, sides[1].value] = [sides[1].value, sides[0].value];
    refresh();
  });
}

// Close-ups: one window of the photo, (x, y) its corner and s its edge as shares of the width, for all methods in step.
const SMALLEST = 8; // pixels across a cell
for (const place of document.querySelectorAll(".place")) {
  const cells = place.querySelector(".cells");
  const width = Number(place.dataset.width), height = Number(place.dataset.height);
  const home = { x: Number(place.dataset.x), y: Number(place.dataset.y), s: Number(place.dataset.s) };
  const ratio = width / height;
  let view = { ...home };

  const put = (x, y, s) => {
    s = Math.min(Math.max(s, SMALLEST / width), Math.min(1, 1 / ratio));
    view = { x: Math.min(Math.max(x, 0), 1 - s), y: Math.min(Math.max(y, 0), 1 - s * ratio), s };
    for (const name of ["x", "y", "s"]) cells.style.setProperty(`--${name}`, view[name]);
    const magnified = cells.querySelector(".cell").clientWidth / (view.s * width);
    cells.classList.toggle("pixels", magnified > 5);
    place.querySelector("output").textContent = `${magnified.toFixed(1)}\u00d7`;
  };
  // Zooms about a point that stays where it is: (u, v) within the cell, from 0 to 1.
  const zoom = (factor, u = 0.5, v = 0.5) => {
    const s = Math.min(Math.max(view.s / factor, SMALLEST / width), Math.min(1, 1 / ratio));
    put(view.x + u * (view.s - s), view.y + v * (view.s - s) * ratio, s);
  };
  const pan = (u, v) => put(view.x + u * view.s, view.y + v * view.s * ratio, view.s);
  const reset = () => put(home.x, home.y, home.s);
  const within = (event) => {
    const cell = event.target.closest(".cell");
    if (!cell) return [0.5, 0.5];
    const box = cell.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  const actions = { in: () => zoom(1.5), out: () => zoom(1 / 1.5), reset };
  place.querySelectorAll("button").forEach((button) => button.addEventListener("click", actions[button.value]));
  const keys = {
    "+": actions.in, "=": actions.in, "-": actions.out, 0: reset,
    ArrowLeft: () => pan(-0.1, 0), ArrowRight: () => pan(0.1, 0), ArrowUp: () => pan(0, -0.1), ArrowDown: () => pan(0, 0.1),
  };
  cells.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  cells.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== cells) return; // the page scrolls, unless the cells are in hand
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...within(event));
  }, { passive: false });
  cells.addEventListener("dblclick", (event) => zoom(2, ...within(event)));

  const fingers = new Map();
  const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY); };
  cells.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); cells.setPointerCapture(event.pointerId); });
  for (const name of ["pointerup", "pointercancel"]) cells.addEventListener(name, (event) => fingers.delete(event.pointerId));
  cells.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const apart = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) return zoom(spread() / apart);
    const edge = cells.querySelector(".cell").clientWidth;
    pan((before.clientX - event.clientX) / edge, (before.clientY - event.clientY) / edge);
  });

  reset();
  new ResizeObserver(() => put(view.x, view.y, view.s)).observe(cells);
}

// Tables sort by the column whose heading is pressed; what has no value comes last.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.firstElementChild?.addEventListener("click", () => {
    const ascending = heading.ariaSort ? heading.ariaSort !== "ascending" : heading.dataset.better !== "higher";
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.ariaSort = ascending ? "ascending" : "descending";
    const key = (row) => row.cells[column].dataset.value;
    const compare = (a, b) => (heading.dataset.text === undefined ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const [one, other] = [key(a), key(b)];
      if (one === "" || other === "") return (one === "") - (other === "");
      return ascending ? compare(one, other) : compare(other, one);
    });
    table.tBodies[0].append(...rows);
  }));
}
