//go:build race

package main

// stormLang is a language that the second reader does not read: under the race
// detector its vectors are a hundred times slower.
const stormLang = "nl"
