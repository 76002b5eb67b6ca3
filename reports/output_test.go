package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummaryGolden(t *testing.T) {
	golden(t, "summary.json", written(t, func(w io.Writer) error { return WriteSummary(w, mixedCampaign()) }))
	golden(t, "empty.summary.json", written(t, func(w io.Writer) error { return WriteSummary(w, &Campaign{}) }))
	golden(t, "faults.summary.json", written(t, func(w io.Writer) error { return WriteSummary(w, faultsCampaign()) }))
}

func TestCampaignReadBack(t *testing.T) {
	hostileOne, _ := hostileCampaign()
	for name, c := range map[string]*Campaign{
		"mixed": mixedCampaign(), "cycle": unexpectedCycle(), "interrupted": interruptedCampaign(), "empty": {},
		"faults":  faultsCampaign(),
		"hostile": hostileOne,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			if err := (Output{Dir: dir}).WriteCampaign(c, nil); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{dir, filepath.Join(dir, SummaryFile)} {
				got, err := ReadCampaign(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c, got); diff != "" {
					t.Errorf("%s, read back (-written +read):\n%s", path, diff)
				}
			}
			if got := names(t, dir); got != "junit.xml report.html summary.json" {
				t.Errorf("the folder holds %s", got)
			}
		})
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestSummarySaysWhetherAsExpected(t *testing.T) {
	good := mixedCampaign()
	good.Scenarios = good.Scenarios[:2]
	interrupted := mixedCampaign()
	interrupted.Scenarios, interrupted.Interrupted = interrupted.Scenarios[:2], true
	for name, c := range map[string]struct {
		campaign *Campaign
		want     bool
	}{
		"good": {good, true}, "mixed": {mixedCampaign(), false}, "interrupted": {interrupted, false},
		"empty": {&Campaign{}, false},
	} {
		var head struct {
			Version    int   `json:"version"`
			AsExpected *bool `json:"as_expected"`
		}
		content := written(t, func(w io.Writer) error { return WriteSummary(w, c.campaign) })
		if err := json.Unmarshal(content, &head); err != nil {
			t.Fatal(err)
		}
		if head.Version != 1 || head.AsExpected == nil || *head.AsExpected != c.want {
			t.Errorf("%s: the summary says %+v, want version 1 and as_expected %t", name, head, c.want)
		}
	}
	if !mixedCampaign().Nondeterministic() || good.Nondeterministic() {
		t.Error("Nondeterministic is wrong about the campaigns with and without a run that changed")
	}
}

func TestRunReadBack(t *testing.T) {
	for _, f := range []*RunFolder{cycleRun(1), doubleRun()} {
		dir := t.TempDir()
		f.Choices = []byte("network delay 3\n")
		folder := "runs/" + RunName(f.Run.Scenario, f.Run.Seed)
		if err := (Output{Dir: dir}).WriteRun(folder, f); err != nil {
			t.Fatal(err)
		}
		got, err := ReadRun(filepath.Join(dir, filepath.FromSlash(folder)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Errorf("%s, read back (-written +read):\n%s", folder, diff)
		}
	}
}

func TestRunWithoutScenarioAndChoices(t *testing.T) {
	dir := t.TempDir()
	f := doubleRun()
	if err := (Output{Dir: dir}).WriteRun("x", f); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(dir, "x")); got != "history.jsonl run.json" {
		t.Errorf("the folder holds %s", got)
	}
	got, err := ReadRun(filepath.Join(dir, "x"))
	if err != nil || got.Scenario != nil || got.Choices != nil {
		t.Errorf("read back: %v with a scenario of %d bytes and choices of %d, want neither", err,
			len(got.Scenario), len(got.Choices))
	}
}

func TestReadErrorsNameFileAndPlace(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"broken":  "{\n\"version\": 1,\n\"scenarios\": [}\n",
		"typed":   "{\n\"version\": 1,\n\"scenarios\": 3\n}\n",
		"version": `{"version": 2}`,
		"none":    `{}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"broken": "line 3: ", "typed": "line 3: ", "version": "version 2 of this file",
		"none":    "version 0 of this file",
		"missing": "no such file",
	} {
		path := filepath.Join(dir, name)
		_, err := ReadCampaign(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("reading %s: %v, want an error with its path and %q", name, err, want)
		}
	}
	if _, err := ReadRun(dir); err == nil || !strings.Contains(err.Error(), RunFile) {
		t.Errorf("reading a run from a folder without one: %v, want an error that names %s", err, RunFile)
	}
}

// fullDisk takes the files that it has room for.
func fullDisk(refused string, into map[string]string) func(string, func(io.Writer) error) error {
	return func(path string, fill func(io.Writer) error) error {
		if strings.HasSuffix(path, refused) {
			return &os.PathError{Op: "write", Path: path + ".partial", Err: syscall.ENOSPC}
		}
		var b bytes.Buffer
		err := fill(&b)
		into[path] = b.String()
		return err
	}
}

func TestFullDiskLosesOnlyWhatDoesNotFit(t *testing.T) {
	disk := map[string]string{}
	err := Output{Dir: "out", Write: fullDisk(SummaryFile, disk)}.WriteCampaign(mixedCampaign(), nil)
	want := "cannot write out/summary.json: no space left on device (out/junit.xml and out/report.html written)"
	if err == nil || err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	var failed *WriteError
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &failed) || len(failed.Missing) != 1 ||
		len(failed.Written) != 2 {
		t.Errorf("the error has not its cause and its files: %#v", err)
	}
	if !strings.Contains(disk["out/junit.xml"], "</testsuites>") ||
		!strings.Contains(disk["out/report.html"], "</html>") {
		t.Error("the other files were not written")
	}
	err = Output{Dir: "out", Write: fullDisk("", disk)}.WriteRun("runs/x", cycleRun(1))
	if err == nil || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "no space left") != 1 {
		t.Errorf("nothing fits: %q, want one line that says why once", err)
	}
}

func TestFileIsWrittenWhollyOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "summary.json")
	write := func(text string, err error) error {
		return writeFile(path, func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	if err := write("second", io.ErrShortWrite); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a write that failed: %v, want %v", err, io.ErrShortWrite)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "first" {
		t.Errorf("after a write that failed the file holds %q (%v), want what it held before", content, err)
	}
	if got := names(t, dir); got != "summary.json" {
		t.Errorf("after a write that failed the folder holds %s, want nothing left behind", got)
	}
	if err := write("third", nil); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "third" {
		t.Errorf("the file holds %q, want what was written last", content)
	}
}

func TestUnwritableFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "out"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Output{Dir: filepath.Join(dir, "out")}.WriteCampaign(mixedCampaign(), nil)
	if err == nil || !strings.Contains(err.Error(), "not a directory") || !strings.Contains(err.Error(),
		SummaryFile) {
		t.Errorf("writing into a file as if it were a folder: %v", err)
	}
}

func TestRunName(t *testing.T) {
	for scenario, want := range map[string]string{
		"endless-cycle": "endless-cycle-seed-7", "../../etc": "------etc-seed-7", "": "-seed-7",
		"ä b/c": "--b-c-seed-7",
	} {
		if got := RunName(scenario, 7); got != want {
			t.Errorf("RunName(%q, 7) = %q, want %q", scenario, got, want)
		}
	}
}

func TestCountsAreOrdered(t *testing.T) {
	got := Counts(map[string]int64{"node.crash": 2, "code.failpoint": 1, "storage.down": 3})
	want := []Count{{"code.failpoint", 1}, {"node.crash", 2}, {"storage.down", 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
