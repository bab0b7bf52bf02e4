// Package conf reads the programs' YAML configuration: strictly, with every
// fault named by file, line and key, and again whenever a file changes.
//
// [Load] decodes a file into a value whose type says what is allowed, and then
// asks the value to validate itself. A check that fails names the field by its
// path with [Field], for instance
//
//	return conf.Field(err, "alerts", "rules", "2", "matchers")
//
// and Load finds the line. [Reloader] loads anew on SIGHUP, on a request, or
// when the content of a file that the configuration depends on has changed. A
// configuration with any fault is refused whole, and the one in force stays.
package conf
