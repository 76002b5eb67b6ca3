package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// checkedRoots are the trees whose every run must be repeatable.
var checkedRoots = []string{"derail/core", "derail/sim", "derail/checker"}

// An exemption lets files off some rules by name, because what the rules refuse is their work.
type exemption struct {
	root   string   // a package path; packages below it are exempt as well
	file   string   // a prefix of the file's name; "" for every file
	except []string // the rules that hold all the same
	reason string
}

var exemptions = []exemption{
	{
		root: "derail/core/host", file: "real",
		except: []string{ruleMapOrder.name, ruleAddress.name},
		reason: "the real host is the one place where core meets the machine's clock, goroutines and chance",
	},
	{
		root:   "derail/core/store/etcd",
		except: []string{ruleMapOrder.name},
		reason: "a store driver: it talks to a cluster over the network, in real time",
	},
	{
		root: "derail/sim/kernel", file: "token",
		except: []string{
			ruleClock.name, ruleChance.name, ruleMachine.name, ruleMapOrder.name, ruleSelect.name,
			rulePool.name, ruleAddress.name,
		},
		reason: "the second coroutine backend hands a token over channels; one goroutine runs at a time",
	},
	{
		root:   "derail/sim/explore",
		except: []string{ruleChance.name, ruleMapOrder.name, ruleAddress.name},
		reason: "the campaign runner spreads seeds over the processor's cores and measures wall time",
	},
	{
		root:   "derail/sim/shrink",
		except: []string{ruleChance.name, ruleMapOrder.name, ruleAddress.name},
		reason: "the shrinker runs candidates on several cores, until its time is up",
	},
}

// checked says whether a package is one that the rules are for. The path that the go command gives
// a package's test variant ends in a bracketed note, and that of the main package which it writes to
// run the tests in ".test".
func checked(pkgPath string) bool {
	path, _, _ := strings.Cut(pkgPath, " ")
	if strings.HasSuffix(path, ".test") {
		return false
	}
	return slices.ContainsFunc(checkedRoots, func(root string) bool { return within(path, root) })
}

// exempt says whether a file is let off a rule by name.
func exempt(pkgPath, filename, ruleName string) bool {
	path, _, _ := strings.Cut(pkgPath, " ")
	base := filepath.Base(filename)
	for _, e := range exemptions {
		if within(path, e.root) && strings.HasPrefix(base, e.file) && !slices.Contains(e.except, ruleName) {
			return true
		}
	}
	return false
}
