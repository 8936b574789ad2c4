package main

import "github.com/phoneprov/phoneprov/provision"

// settingInForce is a setting as it was read, for whoever asks what holds.
type settingInForce struct {
	section, key    string
	value, standard string // as it is written; of a secret never the text
	origin          string // default, environment NAME, or file:line
	secret          bool
	meaning         string
}

// inForce notes where a setting has its value from. A value that is wrong is noted too; the settings are not used then.
func (l *loader) inForce(d *setting, value, origin string) {
	in := settingInForce{section: d.section, key: d.key, value: value, standard: d.value, origin: origin, secret: d.secret, meaning: d.meaning}
	if d.secret && (value != "" || origin != "default") {
		in.value = provision.Secret(value).String()
	}
	l.settings.inForce = append(l.settings.inForce, in)
}

// inForceOf is inForce of a section [profile NAME].
func (l *loader) inForceOf(section string, d profileSetting, value string) {
	l.settings.inForce = append(l.settings.inForce, settingInForce{
		section: section, key: d.key, value: value, standard: d.value, origin: l.place(section, d.key), meaning: d.meaning,
	})
}
