// Package planted breaks the core on purpose, one bug at a time, to show that every property of
// package checker can fail and that the scenarios make it fail. It is derail's track record, which
// the command derail bugs lists and runs.
//
// A bug is either a wrapper, put between the core and what it runs on ([world.Wrap]), or a patch,
// applied to a copy of a source file while a program is built (-overlay of the go command, which
// package workshop below cmd/derail calls). The core itself has no switch for any of them. The tests hunt
// every bug: the property that names it must break within the bug's number of seeds, in the seed that
// the table tells of, and the core without bugs must break nothing under the same scenarios and the same
// seeds. A patch that no longer applies fails too, so that a bug cannot disappear unnoticed when the
// code around it changes.
//
// The list of all bugs, with how many seeds it takes to find each, is README.md beside this file, and
// seen.json, which is built in; go test ./sim/planted -run TestTables -update writes both anew.
//
// What may not live here: bugs that nobody would make. Each is one that a system has had, or a
// careful reviewer could let pass. Nor may anything that builds or starts programs.
package planted
