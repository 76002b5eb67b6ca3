package main

import (
	"slices"
	"strings"

	"derail/scenarios"
)

// sampleValues are what examples say for the keys of a fault.
var sampleValues = map[string]string{
	"point": "any", "alive": "20%", "as": "", "way": "requests", "hits": "one", "by": "2s", "drift": "5%",
	"records": "claim", "answer": "silence", "rate": "5%", "at": "5s", "every": "5s..10s", "for": "500ms..2s",
	"from": "2s", "times": "3", "on": "claim,save",
}

// whatElse are keys that examples have besides those that are needed, where a kind takes them.
var whatElse = []string{"every", "rate", "alive", "hits", "answer", "records"}

// example is an example of a kind of fault: as a fault plan, and as it stands in a scenario file.
type example struct {
	Plan string `json:"plan"`
	YAML string `json:"yaml"`
}

// exampleOf makes an example for a kind of fault, or for one failpoint.
func exampleOf(kind scenarios.Kind, point string) example {
	var keys []string
	for _, key := range kind.Takes {
		if slices.Contains(kind.Needs, key) || slices.Contains(whatElse, key) {
			keys = append(keys, key)
		}
	}
	e := example{Plan: kind.Name, YAML: "faults:\n  - kind: " + kind.Name + "\n"}
	for _, key := range keys {
		value := sampleValues[key]
		if key == "point" && point != "" {
			value = point
		}
		e.Plan += " " + key + "=" + value
		if key == "on" || key == "records" {
			value = "[" + strings.ReplaceAll(value, ",", ", ") + "]"
		}
		e.YAML += "    " + key + ": " + value + "\n"
	}
	switch kind.Name {
	case scenarios.KindDiskTorn, scenarios.KindDiskLie: // they show at a power loss only
		e.Plan += "; " + scenarios.KindDiskPowerLoss + " rate=0.1%"
		e.YAML += "  - kind: " + scenarios.KindDiskPowerLoss + "\n    rate: 0.1%\n"
	}
	return e
}
