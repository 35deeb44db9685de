//go:build !race

package main

const stormLang = "en"
