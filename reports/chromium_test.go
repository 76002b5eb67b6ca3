package reports

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// opened is the page as the browser holds it after its script has run, opened at a fragment.
func opened(t *testing.T, content, fragment string) string {
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
	command := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--virtual-time-budget=5000", "--window-size=1280,900",
		"--dump-dom", "file://"+path+fragment)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", browser, err, errs.String())
	}
	dom := out.String()
	if !strings.Contains(dom, `class="scripted"`) {
		t.Fatalf("the page's script did not run:\n%.2000s", dom)
	}
	return dom
}

// shownJobs are the jobs whose lanes are shown, in a run's section.
func shownJobs(dom string) []string {
	var jobs []string
	for _, lane := range regexp.MustCompile(`<div class="lane job" [^>]*>`).FindAllString(dom, -1) {
		if name := regexp.MustCompile(`data-job="([^"]*)"`).FindStringSubmatch(lane); !strings.Contains(lane,
			" hidden") {
			jobs = append(jobs, name[1])
		}
	}
	return jobs
}

func TestBrowserShowsFailingJob(t *testing.T) {
	dom := opened(t, page(t, mixedCampaign(), cycleRun(1)), "")
	if got := shownJobs(dom); len(got) != 1 || got[0] != "poison-1" {
		t.Errorf("the lanes shown are of the jobs %v, want poison-1", got)
	}
	lane := regexp.MustCompile(`(?s)<div class="lane job" data-lane="poison-1".*?</svg></div>`).FindString(dom)
	if n := strings.Count(lane, `class="bar abandoned`); n != cycleClaims-1 {
		t.Errorf("the timeline of poison-1 has %d claims that were given up, want %d", n, cycleClaims-1)
	}
	if n := strings.Count(lane, `class="bar lease`); n != 1 {
		t.Errorf("the timeline of poison-1 has %d claims that ended with their lease, want 1", n)
	}
	for _, want := range []string{
		`data-lane="conductor-1"`, `data-lane="conductor-3"`, `data-lane="faults"`, `class="gap down"`,
		`class="gap paused"`,
		`class="mark crash"`, `class="mark heal"`, `class="mark failed"`,
		`aria-label="conductor-3 held poison-1, attempt 21, from 12.200s to 14.200s (2s); ` +
			`it crashed at 12.250s; its lease ended"`,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the timeline has no %s", want)
		}
	}
}

func TestBrowserSelectsJobFromAddress(t *testing.T) {
	content := page(t, nil, cycleRun(1), doubleRun())
	dom := opened(t, content, "#job=healthy-2")
	if got := strings.Join(shownJobs(dom), " "); got != "healthy-2 order-1" {
		t.Errorf("the lanes shown are of %s, want healthy-2 in the first run and order-1 in the second", got)
	}
	rows := regexp.MustCompile(`(?s)<section class="records" aria-labelledby="run-1-.*?</table>`).FindString(dom)
	if !strings.Contains(rows, "claimed healthy-2") || strings.Contains(rows, "claimed healthy-1") {
		t.Error("the records of the first run are not those of healthy-2 alone")
	}
	dom = opened(t, content, "#run=2&job=order-1")
	if got := strings.Join(shownJobs(dom), " "); got != "poison-1 order-1" {
		t.Errorf("the lanes shown are of the jobs %s, want poison-1 and order-1", got)
	}
}

// played is the page after a script of the test has used it; the script's say(x) is what it returns.
func played(t *testing.T, content, script string) string {
	t.Helper()
	const say = `<script>const say = (x) => { document.body.dataset.said = x; };
const press = (key) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
const at = () => document.activeElement.getAttribute("aria-label") || document.activeElement.className;
`
	dom := opened(t, strings.Replace(content, "</body>", say+script+"</script></body>", 1), "")
	said := regexp.MustCompile(`data-said="([^"]*)"`).FindStringSubmatch(dom)
	if said == nil {
		t.Fatal("the test's script said nothing")
	}
	return said[1]
}

func TestBrowserWalksByKeyboard(t *testing.T) {
	got := played(t, page(t, nil, doubleRun()), `
document.querySelector(".scroll").focus();
const seen = [];
for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "End", "Escape"]) {
  press(key);
  seen.push(at());
}
say(seen.join("|"));`)
	want := "0.100s: client-1 posted order-1: it is on the board|" +
		"conductor-1 held order-1, attempt 1, from 0.200s to 4.000s (3.8s); still held at the end of the run|" +
		"conductor-2 held order-1, attempt 2, from 0.900s to 2.000s (1.1s); " +
		"put in the trash (its attempts are used up)|" +
		"0.300s: conductor-1 was paused (longer than its lease) and does not notice|" +
		"1.700s: conductor-1 noticed that it has lost order-1 (epoch 1)|scroll"
	if got != want {
		t.Errorf("the keys led to\n%s, want\n%s", strings.ReplaceAll(got, "|", "\n"), strings.ReplaceAll(want,
			"|", "\n"))
	}
}

func TestBrowserZoomsAndSearches(t *testing.T) {
	got := played(t, page(t, nil, cycleRun(1)), `
const box = document.querySelector(".scroll"), width = () => Math.round(box.scrollWidth / box.clientWidth);
const seen = [width()];
document.querySelector("[data-role=in]").click(); seen.push(width());
box.focus(); press("+"); seen.push(width());
document.querySelector("[data-role=fit]").click(); seen.push(width());
const search = document.querySelector("[data-role=search]");
search.value = "CRASHED conductor-3"; search.dispatchEvent(new Event("input"));
seen.push(document.querySelectorAll(".records tbody tr").length);
search.value = "no such thing"; search.dispatchEvent(new Event("input"));
seen.push(document.querySelector("[data-role=count]").textContent.slice(0, 14));
say(seen.join("|"));`)
	if want := "1|2|4|1|1|No record fits"; got != want {
		t.Errorf("widths at zoom 1, 2, 4 and fitted, records found and none found: %s, want %s", got, want)
	}
}

func TestBrowserHidesQuietRecordsUntilAsked(t *testing.T) {
	got := played(t, page(t, nil, doubleRun()), `
const asks = () => document.querySelectorAll(".records tr.quiet").length;
const seen = [asks()];
document.querySelector("[data-role=all]").click(); seen.push(asks());
document.querySelector("[data-role=all]").click(); seen.push(asks());
location.hash = "#r6";
setTimeout(() => { seen.push(asks(), document.querySelector(".sought").id); say(seen.join("|")); }, 200);`)
	if want := "0|5|0|5|r6"; got != want {
		t.Errorf("quiet records at first, shown, hidden, and with one of them sought: %s, want %s", got, want)
	}
}

func TestBrowserGoesToRecord(t *testing.T) {
	content := page(t, nil, longRun(3000), doubleRun())
	dom := opened(t, content, "#r2901")
	if !regexp.MustCompile(`<tr id="r2901" class="[^"]*sought"`).MatchString(dom) {
		t.Error("record 2901 of the first run is not in the table, or not marked as the one sought")
	}
	dom = opened(t, content, "#run-2-r7")
	if !regexp.MustCompile(`<tr id="run-2-r7" class="[^"]*sought"`).MatchString(dom) {
		t.Error("record 7 of the second run is not in the table, or not marked as the one sought")
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
	began := time.Now()
	dom := opened(t, content, fmt.Sprintf("#r%d", seq))
	if !strings.Contains(dom, fmt.Sprintf(`<tr id="r%d" class="bad sought"`, seq)) {
		t.Errorf("the last record of the failing job, %d, is not shown", seq)
	}
	t.Logf("opened in %s, with the browser's start", time.Since(began).Round(time.Millisecond))
}
