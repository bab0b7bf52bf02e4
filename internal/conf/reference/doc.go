// Package reference tells what may stand in a configuration file, from the Go
// types that the file is decoded into: as a JSON Schema for editors and as
// tables for the manual. Tests of the programs use it to hold both; no program
// links it.
//
// [Describe] walks a type by reflection and reads the doc comments of its fields
// from the source. The result is a tree of [Node] that [Node.Schema] and
// [Node.Markdown] write down.
//
// What a type does not say by itself, a struct tag does: `conf:"required"` for a
// key that must be there where it has no default, and `conf:"min=1"`. A type of
// texts says what it may be with a method Values.
package reference
