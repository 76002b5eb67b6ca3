// Package house holds the rules about how derail's source is kept: who may import whom, what things
// may be called, how long they may get, what has to be documented. Its tests hold the whole source
// tree to them, so that a rule is as hard to break as an assertion.
//
// A check reads a Tree, which can be any file system, and returns findings; the tests feed each check
// a small tree that breaks it as well as the real one. Import directions are checked on the graph
// that the go command gives, over the whole closure, because an import is no less real for going
// through a third package.
//
// What runs when derail runs is not looked at here: that is cmd/detlint's analyzer.
package house
