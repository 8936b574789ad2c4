package astconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxDepth is how deep includes nest. A file deeper down counts as missing, which ends loops. Each broken included file
// uses up one level for the rest of the load: after ten of them no include is found (both measured).
const maxDepth = 10

// unquote returns the argument of an #include without its "…" or <…>, which must enclose all of it (measured).
func unquote(arg string) string {
	if last := len(arg) - 1; last > 0 && (arg[0] == '"' && arg[last] == '"' || arg[0] == '<' && arg[last] == '>') {
		return arg[1:last]
	}
	return arg
}

// include reads the files that a name or glob stands for, in order. If must is set and there is no regular file among
// them, the including file is broken.
//
// A broken included file is left at the broken line, the remaining files of the same glob are skipped, and reading goes
// on after the #include. The included files begin in the category that any file opened last, perhaps an earlier
// include. The lines after the #include belong to the category before it (all measured).
func (p *parser) include(name string, must bool) error {
	pos, found := p.pos, false
	ctx := &context{cur: p.opened}
	var paths []string
	if p.level == maxDepth {
		p.warn(pos, "#include %q was ignored: it is more than %d deep, counting broken files before it", name, maxDepth)
	} else {
		var err error
		if paths, err = p.glob(name); err != nil {
			return p.includeError(pos, name, err)
		}
	}
	p.level++
	for _, path := range paths {
		text, err := p.read(path)
		if err != nil && absent(err) {
			continue
		}
		if err != nil {
			return p.includeError(pos, name, err)
		}
		found = true
		err = p.parse(path, text, ctx)
		p.pos = pos
		if broken := (*Error)(nil); errors.As(err, &broken) && broken.Err == nil {
			p.warn(broken.Pos, "%s: the rest of the file was ignored", broken.Reason)
			return nil
		}
		if err != nil {
			return err
		}
	}
	p.level--
	if must && !found {
		return &Error{Pos: pos, Reason: fmt.Sprintf("#include %q: no such file", name)}
	}
	return nil
}

func (p *parser) includeError(pos Pos, name string, err error) error {
	return &Error{Pos: pos, Reason: fmt.Sprintf("#include %q: %v", name, err), Err: err}
}

// glob returns the paths that an #include stands for, and records the directories in which more of them could appear.
func (p *parser) glob(name string) ([]string, error) {
	var paths []string
	alternatives, err := expandBraces(name)
	if err != nil {
		return nil, err
	}
	for _, pattern := range alternatives {
		if !filepath.IsAbs(pattern) {
			pattern = escape(p.path("")) + pattern
		}
		goPattern, magic := translate(pattern)
		if !magic {
			paths = append(paths, unescape(pattern))
			continue
		}
		if strings.HasSuffix(goPattern, "/") { // the pattern matches directories only
			continue
		}
		matches, err := p.globDisk(goPattern)
		if err != nil {
			return nil, err
		}
		paths = append(paths, visible(matches, goPattern)...)
		if err := p.noteDirs(goPattern); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// noteDirs records the directories that a pattern searches: for a/*/c.conf these are a and all directories in it.
func (p *parser) noteDirs(pattern string) error {
	for dir := filepath.Dir(pattern); ; dir = filepath.Dir(dir) {
		if !hasMagic(dir) {
			p.dirs[unescape(dir)] = true
			return nil
		}
		matches, err := p.globDisk(dir)
		if err != nil {
			return err
		}
		for _, match := range visible(matches, dir) {
			if info, err := os.Stat(match); p.Glob != nil || err == nil && info.IsDir() {
				p.dirs[match] = true
			}
		}
	}
}

func (p *parser) globDisk(pattern string) (matches []string, err error) {
	if matches, ok := p.globs[pattern]; ok {
		return matches, nil
	}
	if p.Glob != nil {
		matches, err = p.Glob(pattern)
	} else {
		matches, err = filepath.Glob(pattern)
	}
	p.globs[pattern] = matches
	return matches, err
}
