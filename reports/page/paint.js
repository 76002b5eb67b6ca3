// paint.js: colours and symbols, and how they come onto a canvas.

const SYMBOL_COLOURS = {
  fault: "--c-abandoned", cut: "--c-abandoned", clock: "--c-abandoned", outage: "--c-abandoned",
  failover: "--bad", power: "--bad",
  flip: "--bad", ruined: "--bad", failed: "--bad", crash: "--bad", lease: "--bad", lost: "--bad", done: "--good", heal: "--good",
  start: "--good", trash: "--c-trashed", save: "--accent", post: "--accent", again: "--accent", unknown: "--accent",
  request: "--soft", answer: "--soft", commit: "--soft", astray: "--bad",
};
const SPAN_COLOURS = {
  abandoned: "--c-abandoned", lease: "--c-lease", consumed: "--c-consumed", trashed: "--c-trashed", open: "--c-open",
  engine: "--c-engine", task: "--c-task", "task-failed": "--c-failed", "task-revert": "--c-revert", fault: "--c-abandoned",
};

// paints are the colours of the page as they are now; glyphs are the symbols of its legend as paths.
let paints = new Map();
const glyphs = new Map();

function paint(name) {
  if (!paints.has(name)) {
    paints.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return paints.get(name);
}

function glyph(name) {
  if (!glyphs.has(name)) {
    const parts = [], source = document.getElementById("m-" + name);
    for (const shape of source ? source.children : []) {
      const path = new Path2D();
      const number = (key) => Number(shape.getAttribute(key) || 0);
      if (shape.tagName === "path") {
        path.addPath(new Path2D(shape.getAttribute("d")));
      } else if (shape.tagName === "circle") {
        path.arc(number("cx"), number("cy"), number("r"), 0, 7);
      } else {
        path.rect(number("x"), number("y"), number("width"), number("height"));
      }
      parts.push({ path: path, how: shape.getAttribute("class") || "", rule: shape.getAttribute("fill-rule") || "nonzero" });
    }
    glyphs.set(name, parts);
  }
  return glyphs.get(name);
}

// sized makes a canvas as sharp as the screen is, and returns what draws on it.
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

function hatched(g, x, y, w, h, crossed) {
  const left = Math.max(x, -10), right = Math.min(x + w, 6000);
  g.save();
  g.beginPath();
  g.rect(left, y, right - left, h);
  g.clip();
  g.strokeStyle = paint("--hatch");
  g.lineWidth = crossed ? 0.8 : 1.4;
  g.beginPath();
  for (let at = Math.floor((left - h) / 7) * 7; at < right + h; at += 7) {
    g.moveTo(at, y);
    g.lineTo(at + h, y + h);
    if (crossed) {
      g.moveTo(at + h, y);
      g.lineTo(at, y + h);
    }
  }
  g.stroke();
  g.restore();
}

function sign(g, name, x, y) {
  g.save();
  g.translate(x, y);
  const colour = paint(SYMBOL_COLOURS[name] || "--ink");
  for (const part of glyph(name)) {
    g.fillStyle = part.how ? paint("--card") : colour;
    g.fill(part.path, part.rule);
    if (part.how === "ring") {
      g.strokeStyle = colour;
      g.lineWidth = 1.5;
      g.stroke(part.path);
    }
  }
  g.restore();
}

