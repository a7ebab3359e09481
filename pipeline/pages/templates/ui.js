"use strict";

const $ = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=token]").content;
const frame = document.querySelector(".frame");
const [under, over] = frame.querySelectorAll("img");
const message = document.querySelector(".message");
let pairs = [];

async function ask(path, values = {}, options = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(values)}`, { ...options, headers: { "X-Photostyle-Token": token } });
  if (!response.ok) throw new Error((await response.json()).error);
  return response;
}

function tell(error) {
  message.hidden = !error;
  message.textContent = error ? error.message : "";
}

async function show(image, response) {
  const before = image.src;
  image.src = URL.createObjectURL(await response.blob());
  await image.decode();
  if (before) URL.revokeObjectURL(before);
}

// Each dial as a number of its own, for a slider has steps; and from its slider's position to that number, and back.
const dials = { lambda: 0, mu: 0, strength: 1 };
const NOTHING = Number($("mu").min);
const scales = {
  lambda: [(at) => 10 ** at, Math.log10],
  mu: [(at) => (at > NOTHING ? 10 ** at : 0), (value) => Math.max(Math.log10(value), NOTHING)],
  strength: [(at) => at, (value) => value],
};
const size = () => ($("full").checked ? "full" : "preview");
function turn(name, value) {
  dials[name] = value;
  document.querySelector(`output[for=${name}]`).textContent = value && value < 0.001 ? value.toExponential(2) : String(value);
}

// One request at a time; what was asked for meanwhile is asked for once, at its latest.
let busy = false, wanted = false;
async function solve() {
  if (busy) { wanted = true; return; }
  busy = true;
  frame.classList.add("busy");
  try {
    do {
      wanted = false;
      const began = performance.now();
      const asked = { pair: $("pair").value, size: size(), ...dials };
      if (frame.dataset.shown === JSON.stringify(asked)) break;
      const response = await ask("/smooth", asked);
      await show(over, response);
      frame.dataset.shown = JSON.stringify(asked);
      const seconds = (performance.now() - began) / 1000;
      $("state").textContent = `${over.naturalWidth}\u00d7${over.naturalHeight} in ${seconds.toFixed(2)} s (solved in ${response.headers.get("X-Seconds")} s, residual ${response.headers.get("X-Residual")})`;
    } while (wanted);
    tell(null);
  } catch (error) { tell(error); }
  busy = false;
  frame.classList.remove("busy");
}

async function beside() {
  try {
    await show(under, await ask("/picture", { pair: $("pair").value, side: $("side").value, size: size() }));
    under.alt = $("side").selectedOptions[0].textContent;
    frame.querySelector(".tag.left").textContent = under.alt;
    if ($("side").value !== "style") frame.style.setProperty("--ratio", under.naturalWidth / under.naturalHeight);
  } catch (error) { tell(error); }
}

async function choose() {
  const pair = pairs[$("pair").value];
  for (const name of ["lambda", "mu"]) {
    turn(name, pair[name]);
    $(name).value = scales[name][1](pair[name]);
  }
  $("save").disabled = !pair.ready || pair.place === null;
  $("save").title = pair.place === null ? "Belongs to no dataset" : `In ${pair.place}`;
  for (const button of [$("download"), ...document.querySelectorAll("button.look")]) button.disabled = !pair.ready;
  await beside();
  await solve();
}

async function list(chosen) {
  pairs = await (await ask("/pairs")).json();
  $("pair").replaceChildren(...pairs.map((pair, number) => {
    const option = new Option(pair.ready ? pair.name : `${pair.name} (no stage one yet)`, number);
    option.disabled = !pair.ready;
    return option;
  }));
  document.body.classList.toggle("empty", !pairs.length);
  if (!pairs.length) return;
  const first = pairs.findIndex((pair) => pair.ready);
  if (chosen === undefined && first < 0) throw new Error("No pair has a stage-one image yet: run `photostyle stylize`, or give two photos below.");
  $("pair").value = chosen ?? first;
  await choose();
}

$("split").addEventListener("input", () => frame.style.setProperty("--split", `${$("split").value}%`));
for (const name of Object.keys(dials)) {
  $(name).addEventListener("input", () => {
    turn(name, Number(scales[name][0](Number($(name).value)).toPrecision(3)));
    if (size() === "preview" || name === "strength") solve();
  });
  $(name).addEventListener("change", solve);
}
$("pair").addEventListener("change", choose);
$("side").addEventListener("change", beside);
$("full").addEventListener("change", () => { beside(); solve(); });
$("save").addEventListener("click", async () => {
  try {
    const { place } = await (await ask("/save", { pair: $("pair").value, ...dials }, { method: "POST" })).json();
    Object.assign(pairs[$("pair").value], { lambda: dials.lambda, mu: dials.mu });
    $("state").textContent = `\u03bb = ${dials.lambda} and \u03bc = ${dials.mu} are kept in ${place}: run \`photostyle smooth\` or \`run\` to apply them`;
    tell(null);
  } catch (error) { tell(error); }
});
async function download(button, path, values, kind, meanwhile) {
  button.disabled = true;
  $("state").textContent = meanwhile;
  try {
    const response = await ask(path, { pair: $("pair").value, ...dials, ...values, kind });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${pairs[$("pair").value].name}.${kind}`;
    link.click();
    $("state").textContent = response.headers.get("X-Unheld") ?? "";
    tell(null);
  } catch (error) { tell(error); }
  button.disabled = false;
}
$("download").addEventListener("click", () => download($("download"), "/smooth", { size: "full" }, "png", "solving at full size \u2026"));
for (const button of document.querySelectorAll("button.look"))
  button.addEventListener("click", () => download(button, "/look", {}, button.value, "fitting a table of colours \u2026"));
inspect(frame);
frame.addEventListener("enlarged", ({ detail }) => {
  if (!detail || $("full").checked) return;
  $("full").checked = true;
  $("full").dispatchEvent(new Event("change"));
});

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
$("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const [bar, job, button] = [$("progress"), $("job"), form.querySelector("button")];
  button.disabled = true;
  tell(null);
  job.textContent = "";
  bar.hidden = false;
  bar.removeAttribute("value");
  try {
    for (const side of ["content", "style"]) {
      const [file] = form.elements[side].files;
      await ask("/upload", { side, name: file.name }, { method: "POST", body: file });
    }
    await ask("/start", {}, { method: "POST" });
    let progress, draft = null;
    do {
      await pause(300);
      progress = await (await ask("/progress")).json();
      if (progress.total) { bar.max = progress.total; bar.value = progress.step; }
      job.textContent = progress.total ? `${progress.text}: ${progress.step} of ${progress.total}` : progress.text;
      if (progress.pair !== draft) {
        draft = progress.pair;
        await list(draft);
        frame.scrollIntoView({ block: "center" });
        $("state").textContent = "This is a draft, without stage one, which is at work.";
      }
    } while (!progress.done && !progress.error);
    if (progress.error) throw new Error(progress.error);
    job.textContent = "Done: it is among the pairs above.";
    if ($("pair").value === String(draft)) {
      delete frame.dataset.shown;
      await beside();
      await solve();
    }
  } catch (error) {
    tell(error);
    job.textContent = error.message;
  }
  bar.hidden = true;
  button.disabled = false;
});

list().catch(tell);
