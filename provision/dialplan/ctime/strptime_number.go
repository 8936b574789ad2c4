package ctime

import (
	"strings"
	"time"
)

// numberVerb reads a conversion that is a number.
func (p *timeParser) numberVerb(verb byte) (ok bool) {
	switch verb {
	case 'C':
		p.century, ok = p.number(0, 99, 2)
		p.wantDate = true
	case 'd', 'e':
		p.day, ok = p.number(1, 31, 2)
		p.hasDay, p.wantDate = true, true
	case 'g':
		_, ok = p.number(0, 99, 2)
	case 'H', 'k':
		p.hour, ok = p.number(0, 23, 2)
		p.hour12 = false
	case 'I', 'l':
		p.hour, ok = p.number(1, 12, 2)
		p.hour %= 12
		p.hour12 = true
	case 'j':
		p.yearDay, ok = p.number(1, 366, 3)
		p.yearDay--
		p.hasYearDay = true
	case 'm':
		p.month, ok = p.number(1, 12, 2)
		p.month--
		p.hasMonth, p.wantDate = true, true
	case 'M':
		p.minute, ok = p.number(0, 59, 2)
	case 'S':
		p.second, ok = p.number(0, 61, 2)
	case 'u':
		p.weekday, ok = p.number(1, 7, 1)
		p.weekday %= 7
		p.hasWeekday = true
	case 'U':
		p.week, ok = p.number(0, 53, 2)
		p.weekFrom = 0
	case 'V':
		_, ok = p.number(0, 53, 2)
	case 'w':
		p.weekday, ok = p.number(0, 6, 1)
		p.hasWeekday = true
	case 'W':
		p.week, ok = p.number(0, 53, 2)
		p.weekFrom = 1
	case 'y':
		p.year, ok = p.number(0, 99, 2)
		if p.year < 69 {
			p.year += 100
		}
		p.withCentury, p.wantDate = true, true
	case 'Y':
		p.year, ok = p.number(0, 9999, 4)
		p.year -= 1900
		p.withCentury, p.wantDate = false, true
	}
	return ok
}

// epoch reads %s: seconds since 1970. They set all other parts.
func (p *timeParser) epoch() bool {
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	const most = 12 // digits: the year 33,658
	if digits == 0 || digits > most {
		return false
	}
	seconds := int64(0)
	for _, c := range p.rest[:digits] {
		seconds = seconds*10 + int64(c-'0')
	}
	p.rest = p.rest[digits:]
	t := time.Unix(seconds, 0).In(p.server)
	p.year, p.month, p.day = t.Year()-1900, int(t.Month())-1, t.Day()
	p.hour, p.minute, p.second = t.Clock()
	return true
}

// offset reads %z. It is checked and has no effect.
func (p *timeParser) offset() bool {
	p.blanks()
	if p.literal('Z') {
		return true
	}
	if !p.literal('+') && !p.literal('-') {
		return false
	}
	n, value := 0, 0
	for n < 4 && p.rest != "" && p.rest[0] >= '0' && p.rest[0] <= '9' {
		value = value*10 + int(p.rest[0]-'0')
		p.rest = p.rest[1:]
		n++
		if n == 2 && len(p.rest) > 1 && p.rest[0] == ':' && p.rest[1] >= '0' && p.rest[1] <= '9' {
			p.rest = p.rest[1:]
		}
	}
	return n == 2 || n == 4 && value%100 < 60
}

// date returns the time that was read. A day of the year or of a week counts if there is no month or no day of the
// month.
func (p *timeParser) date() time.Time {
	if p.hour12 && p.pm {
		p.hour += 12
	}
	if p.century >= 0 {
		year := (p.century - 19) * 100
		if p.withCentury {
			year += p.year % 100
		}
		p.year = year
	}
	inWeek := p.week >= 0 && p.hasWeekday
	if inWeek && !p.hasYearDay {
		first := int(time.Date(1900+p.year, 1, 1, 0, 0, 0, 0, time.UTC).Weekday())
		p.yearDay = (7-(first-p.weekFrom))%7 + (p.week-1)*7 + (p.weekday-p.weekFrom+7)%7
	}
	if inWeek || p.hasYearDay && p.wantDate && !p.hasWeekday {
		p.fromYearDay()
	}
	return time.Date(1900+p.year, time.Month(p.month+1), p.day, p.hour, p.minute, p.second, 0, time.UTC)
}

// fromYearDay sets month and day by the day of the year, if they are not given. A day that the year does not have is in
// the next year.
func (p *timeParser) fromYearDay() {
	found := time.Date(1900+p.year, 1, 1+p.yearDay, 0, 0, 0, 0, time.UTC)
	switch {
	case p.hasMonth && p.hasDay:
	case p.hasMonth:
		p.day = found.Day()
	case p.hasDay:
		p.month = int(found.Month()) - 1
	default:
		p.month, p.day = 0, 1+p.yearDay
	}
}
