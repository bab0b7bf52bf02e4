// Package internal holds the floor that both programs stand on; its own test
// holds the import order of the whole tree.
package internal
