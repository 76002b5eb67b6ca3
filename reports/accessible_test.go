package reports

import (
	"strings"
	"testing"
)

// everything is a page with all that a page can have.
func everything(t *testing.T) string {
	t.Helper()
	return page(t, plottedCampaign(), explainedRun(), cycleRun(1), weakRun())
}

// TestPageIsAccessible looks at what a script can see of it: names, roles, headings, tables, and the focus.
func TestPageIsAccessible(t *testing.T) {
	got := played(t, everything(t), `
const faults = [], fault = (what, at) => faults.push(what + ": " + at.outerHTML.slice(0, 120));
document.querySelectorAll("details").forEach((d) => { d.open = true; });
const named = (e) => (e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(" ")
  .map((id) => document.getElementById(id)?.textContent || "").join("") || (e.labels && [...e.labels].map((l) => l.textContent).join("")) ||
  e.textContent || "").trim();
for (const e of document.querySelectorAll("a, button, select, input, summary, [tabindex], [role]")) {
  if (e.closest("[hidden], [aria-hidden=true]") === null && !named(e) && e.getAttribute("role") !== "status") { fault("no name", e); }
}
for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
  for (const id of ((e.getAttribute("aria-labelledby") || "") + " " + (e.getAttribute("aria-describedby") || "")).split(/\s+/).filter(Boolean)) {
    if (!document.getElementById(id)) { fault("refers to " + id, e); }
  }
}
const ids = new Set();
for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) { fault("id twice", e); } ids.add(e.id); }
let level = 0;
for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const now = Number(h.tagName[1]);
  if (now > level + 1) { fault("heading after h" + level, h); }
  level = now;
}
for (const table of document.querySelectorAll("table")) {
  if (!table.caption && !table.closest("section[aria-labelledby]")) { fault("no caption", table); }
  for (const th of table.querySelectorAll("th")) { if (!th.scope) { fault("no scope", th); } }
}
for (const svg of document.querySelectorAll("svg")) { if (!svg.closest("[aria-hidden=true]")) { fault("unhidden drawing", svg); } }
for (const e of document.querySelectorAll("button, select, input[type=search], summary")) {
  const box = e.getBoundingClientRect();
  if (box.height > 0 && (box.height < 24 || box.width < 24)) { fault("too small to hit", e); }
}
for (const what of ["html[lang]", "main", "h1", "a.skip", "[role=status]", "nav[aria-label]"]) {
  if (!document.querySelector(what)) { faults.push("there is no " + what); }
}
document.querySelectorAll("a[href^='#']").forEach((a) => {
  const id = a.getAttribute("href").slice(1);
  if (!document.getElementById(id) && !/^(run-\d+-)?e\d+$/.test(id)) { fault("leads nowhere", a); }
});
say(faults.slice(0, 12).join("\n") || "fine");`)
	if got != "fine" {
		t.Errorf("the page is not accessible:\n%s", got)
	}
}

// contrasts measures the text of the page against what is behind it, and what is written into the drawing.
const contrasts = `
const g = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
const light = (layers) => {
  g.clearRect(0, 0, 1, 1);
  layers.forEach((colour) => { g.fillStyle = colour; g.fillRect(0, 0, 1, 1); });
  const [r, gr, b] = [...g.getImageData(0, 0, 1, 1).data].map((n) => n / 255)
    .map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * gr + 0.0722 * b;
};
const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const faults = new Map();
document.querySelectorAll("details").forEach((d) => { d.open = true; });
for (const e of document.querySelectorAll("body *")) {
  const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()), style = getComputedStyle(e);
  if (!text || e.closest("svg, script, style, [hidden], .skip, :disabled") || e.getClientRects().length === 0) { continue; }
  const behind = [];
  for (let up = e; up; up = up.parentElement) { behind.unshift(getComputedStyle(up).backgroundColor); }
  const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.6 && style.fontWeight >= 700;
  const got = ratio(light(["white", ...behind]), light(["white", ...behind, style.color]));
  if (got < (large ? 3 : 4.5)) { faults.set(e.tagName + "." + e.className, got.toFixed(2)); }
}
const of2 = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const pairs = [["--ink", "--card"], ["--soft", "--card"], ["--card", "--bad"], ["--card", "--accent"], ["--card", "--ink"],
  ["--on-bar", "--c-lease"], ["--on-bar", "--c-consumed"], ["--on-bar", "--c-trashed"], ["--on-bar", "--c-open"],
  ["--on-abandoned", "--c-abandoned"], ["--on-task", "--c-task"], ["--on-task", "--c-failed"], ["--on-task", "--c-revert"],
  ["--on-task", "--c-engine"]];
for (const [text, behind] of pairs) {
  const got = ratio(light([of2(text)]), light([of2(behind)]));
  if (got < 4.5) { faults.set(text + " on " + behind, got.toFixed(2)); }
}
for (const shape of ["--c-abandoned", "--c-lease", "--c-consumed", "--c-trashed", "--c-open", "--bad", "--good", "--accent", "--focus"]) {
  const got = ratio(light([of2(shape)]), light([of2("--card")]));
  if (got < 3) { faults.set(shape + " on --card", got.toFixed(2)); }
}
say(matchMedia("(prefers-color-scheme: dark)").matches + " " + ([...faults].map((f) => f.join(" ")).join("; ") || "fine"));`

func TestPageHasContrast(t *testing.T) {
	content := everything(t)
	for _, dark := range []bool{false, true} {
		want := "false fine"
		if dark {
			want = "true fine"
		}
		if got := acted(t, content, browsing{script: contrasts, dark: dark}); got != want {
			t.Errorf("dark, and what has too little contrast: %s, want %s", got, want)
		}
	}
}

// TestPageIsNarrow: on a telephone nothing is wider than the screen. The page is in a frame, because a window of
// the browser cannot be so narrow.
func TestPageIsNarrow(t *testing.T) {
	got := acted(t, everything(t), browsing{script: `
document.querySelectorAll("details").forEach((d) => { d.open = true; });
document.querySelectorAll(".uplot").forEach((u) => u.remove()); // the scripts of the frame draw it again
const frame = document.createElement("iframe");
frame.frameBorder = 0;
frame.width = 390;
frame.height = 844;
frame.srcdoc = document.documentElement.outerHTML.replace(/<script>(?:const say|\nconst say)[\s\S]*$/, "</body></html>");
frame.onload = () => soon(() => {
  const inner = frame.contentDocument, wide = [];
  for (const e of inner.querySelectorAll("body *")) {
    const box = e.getBoundingClientRect();
    if (box.width > 0 && box.right > 391 && !e.closest(".rows, svg, .unseen, thead, .skip, .plot")) { wide.push(e.tagName + "." + e.className + " to " + Math.round(box.right)); }
  }
  say(inner.defaultView.innerWidth + " " + (inner.documentElement.scrollWidth <= 390 ? "fits " : inner.documentElement.scrollWidth + " ") + wide.slice(0, 5).join("; "));
});
document.body.append(frame);`})
	if want := "390 fits"; strings.TrimSpace(got) != want {
		t.Errorf("a page that is 390 pixels wide: %s, want %s", got, want)
	}
}

// TestPageMakesSenseWithoutScript: what it all came to is in the page itself.
func TestPageMakesSenseWithoutScript(t *testing.T) {
	content := everything(t)
	content = content[:strings.Index(content, `<script type="application/json" id="plot-columns"`)]
	for _, want := range []string{
		"1 of 3 scenarios did not go as expected", "order-1 was held by conductor-1 and conductor-2 at the same time",
		"What led to it", "conductor-2 &lt;claimed&gt; it too", "Left out: the pause of conductor-1",
		"When it was decided", "What it cost", "conductor-1 claimed order-1 (attempt 1, epoch 1)", "Attempts per job",
	} {
		if !strings.Contains(content, want) {
			t.Errorf("without its scripts the page does not say %q", want)
		}
	}
}
