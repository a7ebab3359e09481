"use strict";

const $ = (id) => document.getElementById(id);
const RIDGE = 1e-7 / 9; // epsilon / N of the Matting Laplacian

// An image as colours in [0, 1], three numbers a pixel.
function read(image) {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Float64Array(canvas.width * canvas.height * 3);
  for (let i = 0; i < colours.length; i++) colours[i] = bytes[i + Math.floor(i / 3)] / 255;
  return { width: canvas.width, height: canvas.height, colours };
}

function draw(canvas, { width, height, colours }) {
  canvas.width = width;
  canvas.height = height;
  const data = new ImageData(width, height);
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < 3; c++) data.data[4 * p + c] = 255 * colours[3 * p + c];
    data.data[4 * p + 3] = 255;
  }
  canvas.getContext("2d").putImageData(data, 0, 0);
}

// C C^T = S + ridge I for a symmetric 3x3 matrix, as [c00, c10, c11, c20, c21, c22].
function cholesky(s00, s10, s11, s20, s21, s22, ridge) {
  const c00 = Math.sqrt(s00 + ridge), c10 = s10 / c00, c20 = s20 / c00;
  const c11 = Math.sqrt(Math.max(s11 - c10 * c10 + ridge, ridge)), c21 = (s21 - c20 * c10) / c11;
  const c22 = Math.sqrt(Math.max(s22 - c20 * c20 - c21 * c21 + ridge, ridge));
  return [c00, c10, c11, c20, c21, c22];
}
function forward([c00, c10, c11, c20, c21, c22], a, b, c) {
  const u = a / c00, v = (b - c10 * u) / c11;
  return [u, v, (c - c20 * u - c21 * v) / c22];
}
function backward([c00, c10, c11, c20, c21, c22], a, b, c) {
  const w = c / c22, v = (b - c21 * w) / c11;
  return [(a - c10 * v - c20 * w) / c00, v, w];
}

// Of each 3x3 window of the content: its colours without their mean, whitened: z = C^-1 (I_i - mu) / 3.
function whiten({ width, height, colours }) {
  const z = new Float64Array((width - 2) * (height - 2) * 27);
  const centred = new Float64Array(27);
  for (let y = 1, at = 0; y < height - 1; y++) for (let x = 1; x < width - 1; x++, at += 27) {
    const mean = [0, 0, 0], s = [0, 0, 0, 0, 0, 0];
    for (let k = 0; k < 9; k++) for (let c = 0; c < 3; c++) {
      centred[3 * k + c] = colours[3 * ((y - 1 + Math.floor(k / 3)) * width + x - 1 + (k % 3)) + c];
      mean[c] += centred[3 * k + c] / 9;
    }
    for (let k = 0; k < 27; k += 3) {
      for (let c = 0; c < 3; c++) centred[k + c] -= mean[c];
      for (let c = 0, i = 0; c < 3; c++) for (let d = 0; d <= c; d++) s[i++] += centred[k + c] * centred[k + d] / 9;
    }
    const factor = cholesky(...s, RIDGE);
    for (let k = 0; k < 27; k += 3) z.set(forward(factor, centred[k] / 3, centred[k + 1] / 3, centred[k + 2] / 3), at + k);
  }
  return z;
}

// sum_c x_c^T L x_c / n: what each window's best affine map leaves over, squared.
function energy(z, { width, height, colours }) {
  let sum = 0;
  for (let y = 1, at = 0; y < height - 1; y++) for (let x = 1; x < width - 1; x++, at += 27) {
    for (let c = 0; c < 3; c++) {
      let mean = 0, squares = 0, a = 0, b = 0, e = 0;
      for (let k = 0; k < 9; k++) mean += colours[3 * ((y - 1 + Math.floor(k / 3)) * width + x - 1 + (k % 3)) + c] / 9;
      for (let k = 0; k < 9; k++) {
        const value = colours[3 * ((y - 1 + Math.floor(k / 3)) * width + x - 1 + (k % 3)) + c] - mean;
        squares += value * value;
        a += z[at + 3 * k] * value;
        b += z[at + 3 * k + 1] * value;
        e += z[at + 3 * k + 2] * value;
      }
      sum += squares - a * a - b * b - e * e;
    }
  }
  return Math.max(sum, 0) / (width * height);
}

// The row of L of one pixel, 5 x 5 around it; zero outside the image.
function row(z, { width, height }, px, py) {
  const entries = new Float64Array(25);
  for (let y = Math.max(py - 1, 1); y <= Math.min(py + 1, height - 2); y++) {
    for (let x = Math.max(px - 1, 1); x <= Math.min(px + 1, width - 2); x++) {
      const at = 27 * ((y - 1) * (width - 2) + x - 1), own = 3 * (3 * (py - y + 1) + px - x + 1);
      for (let k = 0; k < 9; k++) {
        const dx = x - 1 + (k % 3) - px, dy = y - 1 + Math.floor(k / 3) - py;
        let product = 0;
        for (let c = 0; c < 3; c++) product += z[at + own + c] * z[at + 3 * k + c];
        entries[5 * (dy + 2) + dx + 2] += (dx === 0 && dy === 0 ? 1 : 0) - 1 / 9 - product;
      }
    }
  }
  return entries;
}

// The affine map from one image's colours to another's in a square, by least squares: rows [a, b, c, constant].
function fit(from, to, left, top, edge) {
  const n = edge * edge, means = [0, 0, 0, 0, 0, 0], s = [0, 0, 0, 0, 0, 0];
  const cross = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  const each = (visit) => {
    for (let y = top; y < top + edge; y++) for (let x = left; x < left + edge; x++) visit(3 * (y * from.width + x));
  };
  each((i) => { for (let c = 0; c < 3; c++) { means[c] += from.colours[i + c] / n; means[3 + c] += to.colours[i + c] / n; } });
  each((i) => {
    const d = [0, 1, 2].map((c) => from.colours[i + c] - means[c]);
    for (let c = 0, k = 0; c < 3; c++) for (let e = 0; e <= c; e++) s[k++] += d[c] * d[e] / n;
    for (let c = 0; c < 3; c++) for (let e = 0; e < 3; e++) cross[c][e] += (to.colours[i + c] - means[3 + c]) * d[e] / n;
  });
  const factor = cholesky(...s, RIDGE);
  return cross.map((target, c) => {
    const [p, q, r] = backward(factor, ...forward(factor, ...target));
    return [p, q, r, means[3 + c] - p * means[0] - q * means[1] - r * means[2]];
  });
}

function apply(map, { width, height, colours }) {
  const mapped = new Float64Array(colours.length);
  for (let i = 0; i < colours.length; i += 3) {
    for (let c = 0; c < 3; c++) mapped[i + c] = map[c][0] * colours[i] + map[c][1] * colours[i + 1] + map[c][2] * colours[i + 2] + map[c][3];
  }
  return { width, height, colours: mapped };
}

function crop({ width, colours }, left, top, edge) {
  const part = new Float64Array(edge * edge * 3);
  for (let y = 0; y < edge; y++) part.set(colours.subarray(3 * ((top + y) * width + left), 3 * ((top + y) * width + left + edge)), 3 * y * edge);
  return { width: edge, height: edge, colours: part };
}

// A canvas with a square that the pointer and the arrow keys move; `moved` gets its corner.
function movable(canvas, image, edge, moved) {
  let x = Math.round(image.width * 0.45), y = Math.round(image.height * 0.4); // of the centre
  const context = canvas.getContext("2d");
  const put = () => {
    const half = (edge() - 1) / 2;
    x = Math.min(Math.max(x, half), image.width - 1 - half);
    y = Math.min(Math.max(y, half), image.height - 1 - half);
    draw(canvas, image);
    context.lineWidth = 1;
    for (const [colour, grow] of [["#000", 2], ["#fff", 1]]) {
      context.strokeStyle = colour;
      context.strokeRect(x - half - grow + 0.5, y - half - grow + 0.5, edge() + 2 * grow - 1, edge() + 2 * grow - 1);
    }
    moved(x - half, y - half);
  };
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    x = Math.floor((event.clientX - box.left) / box.width * image.width);
    y = Math.floor((event.clientY - box.top) / box.height * image.height);
    put();
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); follow(event); });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") follow(event); });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    x += steps[event.key][0];
    y += steps[event.key][1];
    put();
  });
  put();
  return put;
}

function showFit(content, painted) {
  const figure = $("fit"), table = figure.querySelector("tbody");
  const patch = (name) => figure.querySelector(`[data-patch=${name}]`);
  for (let c = 0; c < 3; c++) for (let i = 0, line = table.insertRow(); i < 4; i++) line.insertCell();
  const edge = () => Number($("edge").value);
  const put = movable(figure.querySelector(".photo"), content, edge, (left, top) => {
    const map = fit(content, painted, left, top, edge());
    const [before, wanted] = [crop(content, left, top, edge()), crop(painted, left, top, edge())];
    const fitted = apply(map, before);
    draw(patch("content"), before);
    draw(patch("painted"), wanted);
    draw(patch("fitted"), fitted);
    map.forEach((line, c) => line.forEach((value, i) => { table.rows[c].cells[i].textContent = value.toFixed(2).replace("-", "\u2212"); }));
    let rest = 0, all = 0;
    for (let c = 0; c < 3; c++) {
      let mean = 0;
      for (let i = c; i < wanted.colours.length; i += 3) mean += wanted.colours[i] / (edge() * edge());
      for (let i = c; i < wanted.colours.length; i += 3) {
        rest += (wanted.colours[i] - fitted.colours[i]) ** 2;
        all += (wanted.colours[i] - mean) ** 2;
      }
    }
    $("left-over").textContent = `${(100 * rest / Math.max(all, 1e-12)).toFixed(0)} %`;
    $("edge-value").textContent = `${edge()}\u00d7${edge()}`;
  });
  $("edge").addEventListener("input", put);
}

function showLaplacian(content, z) {
  const figure = $("laplacian");
  const grid = (name) => figure.querySelector(`[data-grid=${name}]`);
  movable(figure.querySelector(".photo"), content, () => 5, (left, top) => {
    draw(grid("colours"), crop(content, left, top, 5));
    const entries = row(z, content, left + 2, top + 2);
    const scale = Math.max(...entries.map(Math.abs).filter((_, i) => i !== 12));
    const canvas = grid("weights"), cell = 60, context = canvas.getContext("2d");
    canvas.width = canvas.height = 5 * cell;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "17px system-ui, sans-serif";
    entries.forEach((entry, i) => {
      const [x, y, strength] = [i % 5, Math.floor(i / 5), Math.min(Math.abs(entry) / scale, 1)];
      const pale = (full) => Math.round(255 - strength * (255 - full));
      context.fillStyle = i === 12 ? "#444" : entry < 0 ? `rgb(${pale(70)} ${pale(120)} ${pale(190)})` : `rgb(${pale(200)} ${pale(80)} ${pale(60)})`;
      context.fillRect(x * cell, y * cell, cell - 1, cell - 1);
      context.fillStyle = i === 12 || strength > 0.6 ? "#fff" : "#222";
      context.fillText(entry.toFixed(2).replace("-", "\u2212"), (x + 0.5) * cell, (y + 0.5) * cell);
    });
    $("row-sum").textContent = `The row adds up to ${Math.abs(entries.reduce((sum, entry) => sum + entry, 0)).toFixed(9)}: to change all pixels alike costs nothing.`;
  });
}

function showNull(content, z) {
  const figure = $("null"), { width, height, colours } = content;
  const inputs = [...figure.querySelectorAll("[data-change]")];
  const grain = new Float64Array(colours.length);
  let seed = 1;
  for (let i = 0; i < grain.length; i++) { seed = (seed * 48271) % 2147483647; grain[i] = seed / 2147483647 - 0.5; }
  const sample = (x, y, c) => colours[3 * (Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)) + c];
  const between = (x, y, c) => {
    const [left, top] = [Math.floor(x), Math.floor(y)], [u, v] = [x - left, y - top];
    return (1 - v) * ((1 - u) * sample(left, top, c) + u * sample(left + 1, top, c)) + v * ((1 - u) * sample(left, top + 1, c) + u * sample(left + 1, top + 1, c));
  };
  const change = () => {
    const { contrast, warmth, saturation, wobble, blur, grain: amount } = Object.fromEntries(inputs.map((input) => [input.dataset.change, Number(input.value)]));
    const changed = new Float64Array(colours.length);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) {
      const [bentX, bentY] = [x + wobble * Math.sin(2 * Math.PI * y / 26), y + wobble * Math.sin(2 * Math.PI * x / 26)];
      let value = 0;
      if (blur) for (let j = -blur; j <= blur; j++) for (let i = -blur; i <= blur; i++) value += between(bentX + i, bentY + j, c) / (2 * blur + 1) ** 2;
      else value = wobble ? between(bentX, bentY, c) : sample(x, y, c);
      changed[3 * (y * width + x) + c] = value + amount * grain[3 * (y * width + x) + c];
    }
    const shift = [warmth, 0, -warmth];
    const map = shift.map((constant, c) => {
      const line = [0, 1, 2].map((d) => contrast * ((1 - saturation) / 3 + (c === d ? saturation : 0)));
      return [...line, 0.5 * (1 - contrast) + constant];
    });
    const image = apply(map, { width, height, colours: changed });
    draw(figure.querySelector(".photo"), image);
    const value = energy(z, image);
    $("energy").textContent = value.toExponential(1).replace("-", "\u2212");
    figure.querySelector(".meter i").style.width = `${Math.min(Math.max((Math.log10(value + 1e-12) + 7) / 5, 0), 1) * 100}%`;
  };
  inputs.forEach((input) => input.addEventListener("input", change));
  $("calm").addEventListener("click", () => { inputs.forEach((input) => { input.value = input.defaultValue; }); change(); });
  change();
}

function showDial() {
  const figure = $("dial"), frame = figure.querySelector(".frame"), slider = $("lambda");
  const solved = [...figure.querySelectorAll(".solved")];
  const turn = () => {
    const one = solved[slider.value];
    frame.querySelector(".over").src = one.textContent;
    frame.querySelector(".tag.right").textContent = `\u03bb = ${one.dataset.lambda}`;
    $("lambda-value").textContent = one.dataset.lambda;
    $("solved-energy").textContent = one.dataset.energy;
    $("solved-distance").textContent = one.dataset.distance;
    $("solved-seconds").textContent = `${one.dataset.seconds} s`;
  };
  const split = () => frame.style.setProperty("--split", `${$("split").value}%`);
  slider.addEventListener("input", turn);
  $("split").addEventListener("input", split);
  turn();
  split();
}

Promise.all([$("content"), $("painted")].map((image) => image.decode())).then(() => {
  const [content, painted] = [read($("content")), read($("painted"))];
  const z = whiten(content);
  showFit(content, painted);
  showLaplacian(content, z);
  showNull(content, z);
  showDial();
  window.photostyle = { content, painted, fit, row: (x, y) => [...row(z, content, x, y)], energy: (image) => energy(z, image) };
});
