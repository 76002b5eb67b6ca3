package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
)

// The page's templates, style and scripts. The scripts share one closure, in this order.
//
//go:embed page
var pageFiles embed.FS

var (
	pageTemplate = pageFile("page.gohtml") + pageFile("run.gohtml") + pageFile("chain.gohtml") +
		pageFile("plots.gohtml")
	pageStyle  = pageFile("page.css")
	pageScript = "\"use strict\";\n(function () {\n" + pageFile("decode.js") + pageFile("lanes.js") +
		pageFile("paint.js") + pageFile("draw.js") + pageFile("walk.js") + pageFile("point.js") +
		pageFile("list.js") + pageFile("plots.js") + pageFile("page.js") + "})();\n"
	// uPlot, as its author publishes it, with its licence.
	plotLibrary = "/*\n" + pageFile("uplot.LICENSE") + "\n*/\n" + pageFile("uplot.min.js")
	plotStyle   = pageFile("uplot.min.css")
)

func pageFile(name string) string {
	content, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is not among the files that are compiled in
	}
	return string(content)
}

// policy allows the page its own scripts and styles, by their hashes, and nothing else: not even a script
// that stood in a name and were not escaped would run.
func (v *pageView) policy() template.HTMLAttr {
	scripts, styles := []string{pageScript}, []string{pageStyle}
	if v.Plots != nil {
		scripts, styles = append(scripts, plotLibrary), append(styles, plotStyle)
	}
	return template.HTMLAttr(`content="default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; ` +
		"script-src" + hashes(scripts) + "; style-src" + hashes(styles) + `"`)
}

// hashes are those of the contents of elements, which have a newline before and after them in the page.
func hashes(texts []string) string {
	list := ""
	for _, text := range texts {
		sum := sha256.Sum256([]byte("\n" + text + "\n"))
		list += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return list
}
