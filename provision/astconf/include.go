package astconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxDepth is how deep includes nest; a file deeper down is as good as missing. It ends loops. Each included file that
// is broken takes a level for the rest of the load: after ten of them no include is found (both measured).
const maxDepth = 10

// unquote takes the argument of an #include out of "…" or <…>, which must enclose all of it (measured).
func unquote(arg string) string {
	if last := len(arg) - 1; last > 0 && (arg[0] == '"' && arg[last] == '"' || arg[0] == '<' && arg[last] == '>') {
		return arg[1:last]
	}
	return arg
}

// include reads the files that a name or glob stands for, in order. If there is none, or not one of them is a regular
// file, then with must the including file is broken. A file that is broken itself is left at that line, those that
// the same glob names after it are left out, and all else goes on. The files begin in the category that was opened last
// in any file, which an earlier include may have done; what follows the #include is in the category before it (all
// measured).
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

// glob returns the paths that an #include stands for, and notes the directories in which more could appear.
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
		if strings.HasSuffix(goPattern, "/") { // directories only
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

// noteDirs notes the directories that a pattern looks into: for a/*/c.conf these are a and all directories in it.
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
