// Package scenarios is what derail is asked to try: each scenario is one YAML file that describes a
// cluster, its work, what breaks, and what must come of it.
//
// What lives here: the form of a scenario ([Scenario], its fields being the keys of a file), reading
// it with every problem named and placed ([Parse]), writing it ([Format], [Scenario.Marshal]), the
// table of what can break ([Kinds]), the JSON schema that editors complete from ([Schema]), and the
// suite that comes with derail ([Embedded]). Folder regression keeps one scenario for every bug that
// was ever found.
//
// What may not: anything that carries a scenario out. The package knows neither the system under
// test nor the simulator, so that a scenario means the same to all who read it.
//
// One place says everything there is to say of a key: its field in scenario.go. The comment is the
// description in the schema and in the README; the tags are what the parser goes by:
//
//	yaml     the key
//	default  the value when the key is left out
//	limit    the least and the greatest value
//	names    the list of names from which the value must be
//	need     the key may not be left out; the tag's text is an example of a value
package scenarios
