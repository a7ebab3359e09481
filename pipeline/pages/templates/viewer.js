"use strict";

// What belongs to a frame of two pictures: waveforms and clipping beside it, and a full view with zoom.
const WAVE = { width: 256, height: 128 };
const TOP = 254, BOTTOM = 1; // levels that count as clipped: a JPEG is off by one
const WORTH_A_WORD = 0.01; // of the pixels
const NEAREST = 16; // screen pixels to one of the picture's, at most,
const LEAST = 8; // but at least so many times what fits can be had

const made = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// As they are seen: where the picture is weakened, with the one below it.
function pixelsOf(image) {
  const canvas = made("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const base = image.parentElement.querySelector("img.base");
  if (base?.naturalWidth && image.style.opacity) {
    context.drawImage(base, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = Number(image.style.opacity);
  }
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// How often each level of red, green and blue is found in each part of the width, drawn as light; what is clipped is
// painted onto the mark: red where a channel is full, blue where all are empty. Returns both shares of the pixels.
function measure(image, wave, mark) {
  const { width, height, data } = pixelsOf(image);
  const counts = new Float32Array(WAVE.width * WAVE.height * 3);
  const painted = new ImageData(width, height);
  let full = 0, empty = 0;
  for (let at = 0, x = 0; at < data.length; at += 4, x = x + 1 === width ? 0 : x + 1) {
    const column = Math.floor((x * WAVE.width) / width);
    for (let c = 0; c < 3; c++) counts[(Math.floor(((255 - data[at + c]) * WAVE.height) / 256) * WAVE.width + column) * 3 + c]++;
    const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
    if (Math.max(r, g, b) >= TOP) { full++; painted.data.set([255, 40, 40, 255], at); }
    else if (Math.max(r, g, b) <= BOTTOM) { empty++; painted.data.set([60, 90, 255, 255], at); }
  }
  const drawn = new ImageData(WAVE.width, WAVE.height);
  const many = (width * height) / (WAVE.width * 12);
  for (let at = 0; at < counts.length / 3; at++) {
    for (let c = 0; c < 3; c++) drawn.data[at * 4 + c] = 255 * Math.sqrt(Math.min(1, counts[at * 3 + c] / many));
    drawn.data[at * 4 + 3] = 255;
  }
  wave.getContext("2d").putImageData(drawn, 0, 0);
  Object.assign(mark, { width, height });
  mark.getContext("2d").putImageData(painted, 0, 0);
  return [full / (width * height), empty / (width * height)];
}

// Returns what measures a side anew when something else than its file has changed.
function inspect(frame) {
  const split = frame.querySelector("input[type=range]");
  const scopes = made("div", { className: "scopes" });
  const shares = {};
  const measureAgain = {};
  for (const side of ["under", "over"]) {
    const image = frame.querySelector(`img.${side}`);
    const wave = made("canvas", { ...WAVE, className: "wave" });
    const mark = made("canvas", { className: `mark ${side}-mark`, hidden: true });
    const words = made("figcaption");
    image.after(mark);
    scopes.append(made("figure", {}, wave, words));
    measureAgain[side] = () => {
      if (!image.naturalWidth) return;
      shares[side] = measure(image, wave, mark);
      const [full, empty] = shares[side];
      const more = side === "over" && shares.under && shares.over.some((share, at) => share > shares.under[at] + WORTH_A_WORD);
      words.textContent = `${image.alt}: ${(100 * full).toFixed(1)} % burnt out, ${(100 * empty).toFixed(1)} % black`;
      words.classList.toggle("warning", Boolean(more));
      wave.setAttribute("role", "img");
      wave.setAttribute("aria-label", `Waveform of ${words.textContent}`);
    };
    image.addEventListener("load", () => requestAnimationFrame(() => { measureAgain[side](); if (side === "under") measureAgain.over(); }));
  }

  const clipped = made("input", { type: "checkbox", className: "clipped" });
  clipped.addEventListener("change", () => frame.querySelectorAll(".mark").forEach((mark) => { mark.hidden = !clipped.checked; }));
  const larger = made("button", { type: "button", textContent: "Full view" });
  scopes.append(made("div", {}, made("label", {}, clipped, " mark what is clipped"), larger));
  frame.after(scopes);

  // The full view: a picture's pixel is `zoom` screen pixels times what fits; (dx, dy) is where its corner is.
  const tools = made("div", { className: "tools" });
  let view = { zoom: 1, dx: 0, dy: 0 };
  const natural = () => {
    const image = frame.querySelector("img.over");
    return Math.min(frame.clientWidth / image.naturalWidth, frame.clientHeight / image.naturalHeight);
  };
  const most = () => Math.max(LEAST, NEAREST / natural());
  const put = (zoom, dx, dy) => {
    zoom = Math.min(Math.max(zoom, 1), most());
    const within = (shift, length) => Math.min(0, Math.max(shift, length * (1 - zoom)));
    view = { zoom, dx: within(dx, frame.clientWidth), dy: within(dy, frame.clientHeight) };
    frame.style.setProperty("--zoom", view.zoom);
    frame.style.setProperty("--dx", `${view.dx}px`);
    frame.style.setProperty("--dy", `${view.dy}px`);
    const magnified = view.zoom * natural();
    frame.classList.toggle("pixels", magnified > 3);
    output.textContent = `${Math.round(100 * magnified)} %`;
  };
  // About a point of the frame that stays where it is.
  const zoomTo = (zoom, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const factor = Math.min(Math.max(zoom, 1), most()) / view.zoom;
    put(view.zoom * factor, x - (x - view.dx) * factor, y - (y - view.dy) * factor);
  };
  const enlarge = (large) => {
    frame.classList.toggle("large", large);
    document.body.classList.toggle("behind", large);
    put(1, 0, 0);
    frame.dispatchEvent(new CustomEvent("enlarged", { detail: large }));
    (large ? split : larger).focus();
  };
  const output = made("output");
  const actions = {
    "\u2212": ["Zoom out", () => zoomTo(view.zoom / 1.5)],
    "+": ["Zoom in", () => zoomTo(view.zoom * 1.5)],
    "1:1": ["One pixel to one", () => zoomTo(1 / natural())],
    Fit: ["All of it", () => put(1, 0, 0)],
    Close: ["Close the full view", () => enlarge(false)],
  };
  for (const [text, [title, action]] of Object.entries(actions)) {
    const button = made("button", { type: "button", textContent: text, title });
    button.setAttribute("aria-label", title);
    button.addEventListener("click", action);
    tools.append(button);
  }
  tools.append(output);
  frame.append(tools);
  larger.addEventListener("click", () => enlarge(true));

  const keys = { "+": actions["+"][1], "=": actions["+"][1], "-": actions["\u2212"][1], 0: actions.Fit[1], 1: actions["1:1"][1], Escape: actions.Close[1] };
  document.addEventListener("keydown", (event) => {
    if (!frame.classList.contains("large") || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  frame.addEventListener("wheel", (event) => {
    if (!frame.classList.contains("large")) return;
    event.preventDefault();
    zoomTo(view.zoom * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }, { passive: false });
  let held = null;
  frame.addEventListener("pointerdown", (event) => {
    if (!frame.classList.contains("large") || event.target.closest(".tools, input")) return;
    held = event;
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (held) put(view.zoom, view.dx + event.clientX - held.clientX, view.dy + event.clientY - held.clientY), (held = event);
  });
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, () => { held = null; });
  new ResizeObserver(() => put(view.zoom, view.dx, view.dy)).observe(frame);
  return measureAgain;
}
