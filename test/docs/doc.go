// Package docs tests the project's pages: that their links lead somewhere, that
// what they tell to type is run by a test, that all are in the index, and that what
// is written twice says the same. What reads pages and follows them is in the
// folder page.
package docs
