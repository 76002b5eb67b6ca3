package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"derail/checker/history"
)

// The names of the files that are written.
const (
	SummaryFile  = "summary.json"
	JUnitFile    = "junit.xml"
	HTMLFile     = "report.html"
	RunFile      = "run.json"
	HistoryFile  = "history.jsonl"
	ScenarioFile = "scenario.yaml"
	ChoicesFile  = "choices.txt"
)

// Output is a folder that reports are written to.
type Output struct {
	Dir string
	// Write makes a file (and the folders above it) of what fill writes, wholly or not at all. Nil
	// writes to the disk.
	Write func(path string, fill func(io.Writer) error) error
}

// WriteError says which files could not be written, and why. Its text is one line.
type WriteError struct {
	Missing []string // could not be written
	Written []string // were written nevertheless
	Err     error    // why the first of the missing could not
}

func (e *WriteError) Error() string {
	text := fmt.Sprintf("cannot write %s: %s", join(e.Missing), e.Err)
	if len(e.Written) > 0 {
		text += fmt.Sprintf(" (%s written)", join(e.Written))
	}
	return text
}

// Unwrap is the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// file is one file to be written.
type file struct {
	name string
	fill func(io.Writer) error
}

// WriteCampaign writes summary.json, junit.xml and report.html. The runs shown have their timelines in
// report.html. Every file is tried, even when another cannot be written.
func (o Output) WriteCampaign(c *Campaign, shown []*RunFolder) error {
	return o.writeAll("", []file{
		{SummaryFile, func(w io.Writer) error { return WriteSummary(w, c) }},
		{JUnitFile, func(w io.Writer) error { return WriteJUnit(w, c) }},
		{HTMLFile, func(w io.Writer) error { return WriteHTML(w, c, shown) }},
	})
}

// WriteRun writes one run into a folder of its own under Dir. Every file is tried, even when another
// cannot be written.
func (o Output) WriteRun(folder string, f *RunFolder) error { return o.writeAll(folder, f.files()) }

// WritePage writes report.html, about one run.
func (o Output) WritePage(f *RunFolder) error {
	return o.writeAll("", []file{
		{HTMLFile, func(w io.Writer) error { return WriteHTML(w, nil, []*RunFolder{f}) }},
	})
}

// FileNames are the names of the files that [Output.WriteRun] writes.
func (f *RunFolder) FileNames() (names []string) {
	for _, one := range f.files() {
		names = append(names, one.name)
	}
	return names
}

func (f *RunFolder) files() []file {
	files := []file{
		{RunFile, func(w io.Writer) error { return writeJSON(w, versioned{Version, &f.Run}) }},
		{HistoryFile, func(w io.Writer) error { return history.Write(w, f.History) }},
	}
	if f.Scenario != nil {
		files = append(files, file{ScenarioFile, bytesOf(f.Scenario)})
	}
	if f.Choices != nil {
		files = append(files, file{ChoicesFile, bytesOf(f.Choices)})
	}
	if f.Explanation != nil {
		files = append(files, file{ExplanationFile, func(w io.Writer) error {
			return writeJSON(w, versioned{Version, f.Explanation})
		}})
	}
	if f.Drawing != nil {
		files = append(files, file{DrawingFile, bytesOf(f.Drawing)})
	}
	return files
}

func bytesOf(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

func (o Output) writeAll(folder string, files []file) error {
	write := o.Write
	if write == nil {
		write = writeFile
	}
	var failed WriteError
	for _, f := range files {
		path := filepath.Join(o.Dir, filepath.FromSlash(folder), f.name)
		err := write(path, f.fill)
		if err == nil {
			failed.Written = append(failed.Written, path)
			continue
		}
		failed.Missing = append(failed.Missing, path)
		if failed.Err == nil {
			failed.Err = reason(err)
		}
	}
	if failed.Err == nil {
		return nil
	}
	return &failed
}

// reason is the cause of an error of the file system without the operation and the path: a
// [WriteError] names the path, and the name of the temporary file would only confuse.
func reason(err error) error {
	var atPath *os.PathError
	if errors.As(err, &atPath) {
		return atPath.Err
	}
	var renaming *os.LinkError
	if errors.As(err, &renaming) {
		return renaming.Err
	}
	return err
}

// writeFile makes a file whole or not at all: it is written beside its place, and put in its place
// when it is complete and on the disk.
func writeFile(path string, fill func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	partial := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(f))
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	if err := fill(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// discard takes away a file that was not completed. It may be closed already.
func discard(f *os.File) error {
	if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// ReadCampaign reads a summary.json, given as itself or as the folder that holds it.
func ReadCampaign(path string) (*Campaign, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, SummaryFile)
	}
	var c Campaign
	if err := readJSON(path, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// ReadRun reads the folder of one saved run. It must hold run.json and history.jsonl.
func ReadRun(dir string) (*RunFolder, error) {
	var f RunFolder
	if err := readJSON(filepath.Join(dir, RunFile), &f.Run); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, HistoryFile)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if f.History, err = history.Read(file, path); err != nil {
		return nil, err
	}
	if f.Scenario, err = optional(filepath.Join(dir, ScenarioFile)); err != nil {
		return nil, err
	}
	if f.Choices, err = optional(filepath.Join(dir, ChoicesFile)); err != nil {
		return nil, err
	}
	path = filepath.Join(dir, ExplanationFile)
	if _, err := os.Stat(path); err == nil {
		f.Explanation = &Explanation{}
		if err := readJSON(path, f.Explanation); err != nil {
			return nil, err
		}
	}
	if f.Drawing, err = optional(filepath.Join(dir, DrawingFile)); err != nil {
		return nil, err
	}
	return &f, nil
}

func optional(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return content, err
}
