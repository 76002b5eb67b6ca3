package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// versioned puts the version before the fields of Content.
type versioned struct {
	version int
	content any
}

// WriteSummary writes a campaign as summary.json.
func WriteSummary(w io.Writer, c *Campaign) error {
	type plain Campaign
	return writeJSON(w, versioned{Version, struct {
		AsExpected bool `json:"as_expected"`
		*plain
	}{c.AsExpected(), (*plain)(c)}})
}

// writeJSON writes indented JSON: people read and compare these files.
func writeJSON(w io.Writer, v versioned) error {
	content, err := json.Marshal(v.content)
	if err != nil {
		return err
	}
	version := fmt.Appendf(nil, `{"version":%d,`, v.version)
	indented, err := json.MarshalIndent(json.RawMessage(append(version, content[1:]...)), "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(indented, '\n'))
	return err
}

// readJSON reads a file that writeJSON wrote, if its version is ours.
func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return fmt.Errorf("%s: %w", path, syntaxAt(content, err))
	}
	if head.Version != Version {
		return fmt.Errorf("%s: version %d of this file is not known here, only version %d",
			path, head.Version, Version)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, syntaxAt(content, err))
	}
	return nil
}

// syntaxAt adds the line to an error of the JSON decoder, which only knows the offset, and says of a value of
// the wrong kind what it is rather than of which type of this program it should be.
func syntaxAt(content []byte, err error) error {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &wrong):
		offset = wrong.Offset
		err = fmt.Errorf("%s does not belong here", wrong.Value)
		if wrong.Field != "" {
			err = fmt.Errorf("%s does not belong in %s", wrong.Value, wrong.Field)
		}
	}
	if offset < 0 || offset > int64(len(content)) {
		return err
	}
	line := 1
	for _, b := range content[:offset] {
		if b == '\n' {
			line++
		}
	}
	return fmt.Errorf("line %d: %w", line, err)
}
