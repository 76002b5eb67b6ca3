package reports

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"derail/checker/history"
)

// browsing is how a page is opened.
type browsing struct {
	fragment string
	script   string // of the test, which runs after the page's
	width    int
	dark     bool
	clock    bool // the browser's own clock, rather than one that runs ahead of what it waits for
}

// opened is the page as the browser holds it after its script has run, opened at a fragment.
func opened(t *testing.T, content, fragment string) string {
	t.Helper()
	return browsed(t, content, browsing{fragment: fragment})
}

func browsed(t *testing.T, content string, b browsing) string {
	t.Helper()
	const browser = "/usr/bin/chromium"
	if _, err := os.Stat(browser); err != nil {
		const how = "chromium is not installed (apt-get install chromium): report.html is not opened in a browser"
		if os.Getenv("DERAIL_REQUIRE_CHROMIUM") == "1" {
			t.Fatal(how + ", and DERAIL_REQUIRE_CHROMIUM=1 asks for it")
		}
		t.Skip(how)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--dump-dom",
		fmt.Sprintf("--window-size=%d,900", cmp.Or(b.width, 1280)),
	}
	if !b.clock {
		args = append(args, "--virtual-time-budget=5000")
	}
	if b.dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	command := exec.CommandContext(ctx, browser, append(args, "file://"+path+b.fragment)...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", browser, err, errs.String())
	}
	dom := out.String()
	if !strings.Contains(dom, `class="scripted`) {
		t.Fatalf("the page's script did not run:\n%.2000s", dom)
	}
	if strings.Contains(dom, `data-selected=`) && !strings.Contains(dom, `data-opened="`) {
		t.Fatal("the page's script did not run to its end")
	}
	return dom
}

// played is the page after a script of the test has used it; the script's say(x) is what it returns.
func played(t *testing.T, content, script string) string {
	t.Helper()
	return acted(t, content, browsing{script: script})
}

// acted lets the test's script into the page, whose own policy would not have it.
func acted(t *testing.T, content string, b browsing) string {
	t.Helper()
	const say = `<script>const say = (x) => { document.body.dataset.said = x; };
window.addEventListener("error", (e) => say("error: " + e.message));
const of = (role) => document.querySelector("[data-role=" + role + "]");
const plot = of("plot");
const press = (key, more) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));
const change = (role, value) => { of(role).value = value; of(role).dispatchEvent(new Event("change")); };
const shown = () => Number(plot.dataset.until) - Number(plot.dataset.from);
const lanes = () => JSON.parse(plot.dataset.lanes).join(" ");
const rows = () => document.querySelectorAll(".records tbody tr").length;
const soon = (does) => setTimeout(does, 300);
</script><script>
`
	content = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(content, "")
	content = strings.Replace(content, "</body>", say+b.script+"</script></body>", 1)
	dom := browsed(t, content, b)
	said := regexp.MustCompile(`data-said="([^"]*)"`).FindStringSubmatch(dom)
	if said == nil {
		t.Fatal("the test's script said nothing")
	}
	return html.UnescapeString(said[1])
}

// lanesShown are the names of the lanes of each run's drawing.
func lanesShown(dom string) []string {
	var all []string
	for _, names := range regexp.MustCompile(`data-lanes="\[([^\]]*)\]"`).FindAllStringSubmatch(dom, -1) {
		all = append(all, strings.ReplaceAll(strings.ReplaceAll(html.UnescapeString(names[1]), `"`, ""), ",", " "))
	}
	return all
}

func TestBrowserShowsFailingJob(t *testing.T) {
	dom := opened(t, page(t, mixedCampaign(), cycleRun(1)), "")
	if got := lanesShown(dom); len(got) != 1 || got[0] != "poison-1 store faults conductor-1 conductor-2 conductor-3" {
		t.Errorf("the lanes are %q, want those of poison-1, of the conductors, of the store and of the faults", got)
	}
}

func TestBrowserDraws(t *testing.T) {
	got := played(t, page(t, nil, cycleRun(1)), `
soon(() => {
  const seen = ["canvas", "whole"].map((role) => {
    const c = of(role), pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    const colours = new Set();
    for (let i = 0; i < pixels.length; i += 4) { colours.add(pixels.slice(i, i + 4).join()); }
    return role + ": " + (colours.size > 8 && c.width > 900 ? "drawn" : colours.size + " colours, " + c.width + " wide");
  });
  say(seen.join(", "));
});`)
	if want := "canvas: drawn, whole: drawn"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBrowserSelectsJobFromAddress(t *testing.T) {
	content := page(t, nil, cycleRun(1), doubleRun())
	dom := opened(t, content, "#job=healthy-2")
	if got := lanesShown(dom); !strings.HasPrefix(got[0], "healthy-2 store") ||
		!strings.HasPrefix(got[1], "order-1 store") {
		t.Errorf("the lanes are %q, want healthy-2 first in the first run and order-1 in the second", got)
	}
	rows := regexp.MustCompile(`(?s)<section class="records" aria-labelledby="run-1-.*?</table>`).FindString(dom)
	if !strings.Contains(rows, "claimed healthy-2") || strings.Contains(rows, "claimed healthy-1") {
		t.Error("the records of the first run are not those of healthy-2 alone")
	}
	dom = opened(t, content, "#run=2&job=order-1")
	if got := lanesShown(dom); !strings.HasPrefix(got[0], "poison-1 ") || !strings.HasPrefix(got[1], "order-1 ") {
		t.Errorf("the lanes are %q, want those of poison-1 and order-1", got)
	}
}

func TestBrowserFilters(t *testing.T) {
	got := played(t, page(t, nil, cycleRun(1)), `
const seen = [];
change("job", ""); seen.push("all: " + lanes());
change("job", "healthy-3"); seen.push("job: " + lanes() + ", " + rows());
change("node", String([...of("node").options].find((o) => o.text === "conductor-2").value));
seen.push("node: " + lanes() + ", " + rows());
change("job", "");
change("kind", String([...of("kind").options].find((o) => o.text.startsWith("crashes")).value));
seen.push("kind: " + [...document.querySelectorAll(".records tbody td:last-child")].map((td) => td.textContent).join("; "));
say(seen.join("|"));`)
	want := "all: store faults conductor-1 conductor-2 conductor-3 poison-1 healthy-1 healthy-2 healthy-3 healthy-4|" +
		"job: healthy-3 store faults conductor-1 conductor-2 conductor-3, 13|" +
		"node: healthy-3 store faults conductor-2, 1|kind: conductor-2 started"
	if got != want {
		t.Errorf("filtered:\n%s, want\n%s", strings.ReplaceAll(got, "|", "\n"), strings.ReplaceAll(want, "|", "\n"))
	}
}

func TestBrowserWalksByKeyboard(t *testing.T) {
	got := played(t, page(t, nil, doubleRun()), `
plot.focus();
const seen = [];
for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "End", "Home", "ArrowUp", "Escape"]) {
  press(key);
  seen.push(of("detail").textContent);
}
say(seen.join("|"));`)
	want := []string{
		"#2 0.100s: client-1 posted order-1: it is on the board (order-1, 1 of 5)",
		"#4 conductor-1 held order-1, attempt 1, from 0.200s to 4.000s (3.8s); still held at the end of the run " +
			"(order-1, 2 of 5)",
		"#7 conductor-2 held order-1, attempt 2, from 0.900s to 2.000s (1.1s); put in the trash (its attempts are used " +
			"up) (order-1, 3 of 5)",
	}
	lines := strings.Split(got, "|")
	for i, text := range want {
		if lines[i] != text {
			t.Errorf("key %d leads to\n%s, want\n%s", i+1, lines[i], text)
		}
	}
	for i, text := range map[int]string{3: "store, ", 4: "store, 5 of 5)", 5: "store, 1 of 5)", 6: "order-1, "} {
		if !strings.Contains(lines[i], text) {
			t.Errorf("key %d leads to %q, want %q", i+1, lines[i], text)
		}
	}
	if last := strings.TrimSpace(strings.ReplaceAll(lines[7], "\u00a0", "")); last != "" {
		t.Errorf("Escape does not let go: %q", last)
	}
}

func TestBrowserByKeyboardAlone(t *testing.T) {
	got := played(t, page(t, nil, explainedRun()), `
plot.focus();
press("v");
soon(() => {
  const seen = [document.activeElement.id];
  plot.focus();
  press("+");
  const near = shown();
  press("0"); seen.push(shown() > near);
  press("ArrowRight", {shiftKey: true});
  press("ArrowDown");
  press("Home"); press("Enter");
  soon(() => {
    seen.push(document.activeElement.id);
    document.querySelector(".why a.record").focus();
    document.activeElement.click();
    soon(() => { seen.push(document.activeElement.id); say(seen.join(" ")); });
  });
});`)
	if want := "e9 true e2 e4"; got != want {
		t.Errorf("v, Enter on an item and a link of the explanation lead to %s, want %s", got, want)
	}
}

func TestBrowserZooms(t *testing.T) {
	got := played(t, page(t, nil, cycleRun(1)), `
const seen = [], note = (what, is) => seen.push(what + (is ? "" : " not"));
const box = of("canvas").getBoundingClientRect();
const mouse = (type, x, more) => plot.dispatchEvent(new PointerEvent(type,
  {clientX: box.left + x, clientY: box.top + 40, pointerId: 1, pointerType: "mouse", bubbles: true, ...more}));
const frames = [
  () => of("in").click(), () => note("button", shown() < 15.1e9),
  () => { plot.focus(); press("+"); }, () => note("key", shown() < 7.6e9),
  () => plot.dispatchEvent(new WheelEvent("wheel", {deltaY: -300, ctrlKey: true, clientX: box.left + 600, cancelable: true})),
  () => note("wheel", shown() < 3e9),
  () => { frames.from = plot.dataset.from; mouse("pointerdown", 600); mouse("pointermove", 500); mouse("pointerup", 500); },
  () => note("drag", Number(plot.dataset.from) > Number(frames.from) && shown() < 3e9),
  () => of("fit").click(), () => note("fit", shown() === 30e9),
  () => { mouse("pointerdown", 400, {shiftKey: true}); mouse("pointermove", 500); mouse("pointerup", 500); },
  () => note("marked", shown() < 4e9 && shown() > 2e9),
];
(function next() { const frame = frames.shift(); if (frame) { frame(); setTimeout(next, 60); } else { say(seen.join(", ")); } })();`)
	if want := "button, key, wheel, drag, fit, marked"; got != want {
		t.Errorf("zoomed by %s, want %s", got, want)
	}
}

func TestBrowserSearches(t *testing.T) {
	got := played(t, page(t, nil, cycleRun(1)), `
const seen = [], search = (text) => { of("search").value = text; of("search").dispatchEvent(new Event("input")); };
search("CRASHED conductor-3"); seen.push(rows());
search("no such thing"); seen.push(of("count").textContent.slice(0, 14));
say(seen.join("|"));`)
	if want := "1|No record fits"; got != want {
		t.Errorf("records found and none found: %s, want %s", got, want)
	}
}

func TestBrowserHidesQuietRecordsUntilAsked(t *testing.T) {
	got := played(t, page(t, nil, doubleRun()), `
const asks = () => document.querySelectorAll(".records tr.quiet").length;
const seen = [asks()];
of("all").click(); seen.push(asks());
of("all").click(); seen.push(asks());
location.hash = "#e6";
soon(() => { seen.push(asks(), document.querySelector(".sought").id); say(seen.join("|")); });`)
	if want := "0|5|0|5|e6"; got != want {
		t.Errorf("quiet records at first, shown, hidden, and with one of them sought: %s, want %s", got, want)
	}
}

func TestBrowserJumpsToViolation(t *testing.T) {
	got := played(t, page(t, nil, longRun(3000)), `
const whole = shown();
of("violation").click();
soon(() => {
  const at = 3000e6;
  say([plot.dataset.record, document.activeElement.id, shown() < whole / 5,
    Number(plot.dataset.from) <= at && at <= Number(plot.dataset.until) + 20e6].join(" "));
});`)
	if want := "3000 e3000 true true"; got != want {
		t.Errorf("the record, the row with the focus, and whether the drawing is there: %s, want %s", got, want)
	}
}

func TestBrowserReadsExplanation(t *testing.T) {
	got := played(t, page(t, nil, explainedRun()), `
const links = [...document.querySelectorAll("#run-1-why .links-of-chain li")];
const seen = [document.querySelector("#run-1-why h3").textContent, links.length];
links[1].querySelector("a").click();
soon(() => {
  seen.push(document.querySelector(".sought").id, plot.dataset.record);
  location.hash = "#run-1-why";
  soon(() => { seen.push(Math.round(document.querySelector("#run-1-why").getBoundingClientRect().top) < 40); say(seen.join("|")); });
});`)
	if want := "Why claim.exclusive was broken: order-1|3|e5|5|true"; got != want {
		t.Errorf("the explanation and its second link: %s, want %s", got, want)
	}
}

func TestBrowserGoesToRecord(t *testing.T) {
	content := page(t, nil, longRun(3000), doubleRun())
	dom := opened(t, content, "#e2901")
	if !regexp.MustCompile(`<tr id="e2901" class="[^"]*sought"`).MatchString(dom) ||
		!strings.Contains(dom, `data-record="2901"`) {
		t.Error("record 2901 of the first run is not in the table and in the drawing, or not marked as the one sought")
	}
	dom = opened(t, content, "#run-2-e7")
	if !regexp.MustCompile(`<tr id="run-2-e7" class="[^"]*sought"`).MatchString(dom) {
		t.Error("record 7 of the second run is not in the table, or not marked as the one sought")
	}
}

func TestBrowserPagesThroughRecords(t *testing.T) {
	got := played(t, page(t, nil, longRun(3000)), `
change("job", "");
const seen = [], first = () => document.querySelector(".records tbody tr").id + " " + rows();
const table = document.querySelector(".records table");
seen.push(first(), table.getAttribute("aria-rowcount") > 1000);
for (const role of ["later", "last", "earlier", "first"]) { of(role).click(); seen.push(first().split(" ")[1]); }
seen.push(document.querySelector(".records tbody tr").getAttribute("aria-rowindex"), of("first").disabled);
say(seen.join("|"));`)
	if !regexp.MustCompile(`^e\d+ 100\|true\|100\|\d+\|100\|100\|2\|true$`).MatchString(got) {
		t.Errorf("the pages of the table: %s", got)
	}
}

// TestBrowserTellsEverySentence: what the script makes of the columns is what reports say everywhere.
func TestBrowserTellsEverySentence(t *testing.T) {
	f := oddRun()
	got := played(t, page(t, nil, f), `
of("all").click();
say([...document.querySelectorAll(".records tbody tr")].map((tr) => [...tr.cells].map((td) => td.textContent).join(" ")).join("\n"));`)
	lines := strings.Split(got, "\n")
	if len(lines) != min(100, len(f.History.Records)) {
		t.Fatalf("the table has %d rows", len(lines))
	}
	for i, line := range lines {
		want := fmt.Sprintf("%d %s %s", i+1, instant(f.History.Records[i].At), Sentence(f.History, int64(i+1)))
		if line != want {
			t.Errorf("row %d is\n%s, want\n%s", i+1, line, want)
		}
	}
}

func TestBrowserWritesTimesAsReportsDo(t *testing.T) {
	times := []int64{
		0, 999, microsecond, 999_999, millisecond, 1_150 * millisecond, 2*second - 1, 9_990 * millisecond, 10 * second,
		12_345 * millisecond, 59_999 * millisecond, minute, 61 * second, hour - 1, hour, 25 * hour, 40 * day,
	}
	list, err := json.Marshal(times)
	if err != nil {
		t.Fatal(err)
	}
	content := `<html class="scripted"><body><script>` + pageFile("decode.js") + `</script></body></html>`
	got := played(t, content, `say(`+string(list)+`.map((n) => duration(n) + " " + instant(n)).join(", "));`)
	var want []string
	for _, n := range times {
		want = append(want, Duration(n)+" "+instant(n))
	}
	if got != strings.Join(want, ", ") {
		t.Errorf("the script writes\n%s, want\n%s", got, strings.Join(want, ", "))
	}
}

func TestBrowserPlotsCampaign(t *testing.T) {
	got := played(t, page(t, plottedCampaign()), `
const cell = () => document.querySelector("[data-plot=attempts] tbody td").textContent;
const seen = [document.querySelectorAll(".u-wrap canvas").length, cell()];
change("plotted", "endless-cycle");
seen.push(document.querySelectorAll(".u-wrap canvas").length, cell());
soon(() => {
  const c = document.querySelector(".u-wrap canvas"), pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  seen.push(pixels.some((n) => n > 0));
  say(seen.join(" "));
});`)
	if want := "4 2,070 4 80 true"; got != want {
		t.Errorf("plots, and jobs claimed once, of all scenarios and of one: %s, want %s", got, want)
	}
}

func TestBrowserPrints(t *testing.T) {
	got := played(t, page(t, nil, explainedRun()), `
soon(() => {
  window.dispatchEvent(new Event("beforeprint"));
  const open = [...document.querySelectorAll("details:not(.keys)")].every((d) => d.open);
  const white = getComputedStyle(document.documentElement).getPropertyValue("--card").trim();
  window.dispatchEvent(new Event("afterprint"));
  say([open, white, document.documentElement.className].join(" "));
});`)
	if want := "true #fff scripted"; got != want {
		t.Errorf("whether everything is open, the colour of paper, and what is left of it: %s, want %s", got, want)
	}
}

func TestBrowserOpensRunOfNothing(t *testing.T) {
	got := played(t, page(t, nil, &RunFolder{History: &history.History{}}), `
plot.focus();
for (const key of ["ArrowDown", "ArrowRight", "End", "Enter", "+", "v", "0", "Escape"]) { press(key); }
of("last").click();
soon(() => say(of("count").textContent.trim()));`)
	if want := "No record fits."; got != want {
		t.Errorf("a run of nothing says %q, want %q", got, want)
	}
}

func TestBrowserRunsNoForeignScript(t *testing.T) {
	c, f := hostileCampaign()
	const harm = `document.documentElement.dataset.pwned=1`
	const attack = `"><img src=x onerror="` + harm + `"><script>` + harm + `</script>`
	c.Scenarios[0].Name, f.History.Jobs[1], f.Run.Replay = attack, attack, attack
	dom := opened(t, page(t, c, f), "#job="+attack)
	if strings.Contains(dom, `data-pwned`) {
		t.Error("a script in a name was run")
	}
	if strings.Contains(dom, "<img") {
		t.Error("markup in a name became an element")
	}
}

// opening is how many milliseconds it took from the beginning of the page to the end of its script.
func opening(t *testing.T, content, fragment string) (dom string, ms int) {
	t.Helper()
	dom = browsed(t, content, browsing{fragment: fragment, clock: true})
	said := regexp.MustCompile(`data-opened="(\d+)"`).FindStringSubmatch(dom)
	if said == nil {
		t.Fatal("the page does not say how long it took to open")
	}
	ms, _ = strconv.Atoi(said[1])
	return dom, ms
}

// TestBrowserOpensLongRun: 100,000 events open in less than two seconds on two quiet cores. A machine that is
// busy is slow with a small page as well, so what is allowed is that much more than what one takes.
func TestBrowserOpensLongRun(t *testing.T) {
	if testing.Short() {
		t.Skip("the long run is left out with -short")
	}
	f := longRun(100_000)
	seq := len(f.History.Records)
	for f.History.Records[seq-1].Job != 0 { // the job that goes round
		seq--
	}
	content := page(t, nil, f)
	_, small := opening(t, page(t, nil, doubleRun()), "")
	dom, ms := opening(t, content, fmt.Sprintf("#e%d", seq))
	if !strings.Contains(dom, fmt.Sprintf(`<tr id="e%d" class="bad sought"`, seq)) {
		t.Errorf("the last record of the failing job, %d, is not shown", seq)
	}
	t.Logf("opened in %d ms, and a page of %d records in %d ms; %d bytes", ms, len(doubleRun().History.Records), small,
		len(content))
	if ms > 2000 && ms > 15*small {
		t.Errorf("100,000 records take %d ms to open, want less than 2000, or than 15 times what a small page takes", ms)
	}
}
