// Links to share a file, and to collect files.

import { link } from './api.js';
import { button, dialog, el, field, fill, input, say } from './dom.js';
import { base, date, shown } from './format.js';
import { guestPage } from './route.js';
import { t } from './texts.js';

function result(label, value) {
	const control = input({ value, readonly: true });
	const copy = () => {
		control.select();
		// Works without HTTPS too.
		if (document.execCommand('copy')) say(t.copied);
	};
	return el('div.result', {}, field(label, control), button(t.copy, copy));
}

// A dialog that shows the links that `make` makes for some seconds.
function maker(title, help, ends, make) {
	const life = el('select', {}, Object.entries(t.lifetimes).map(([value, text]) => el('option', { value }, text)));
	const place = el('div', { role: 'status' });
	const submit = async () => {
		const { links, until } = await make(Number(life.value));
		fill(place, links, el('p', {}, until && t.until(date(until))));
		return false;
	};
	dialog(title, [el('p', {}, help), ends && field(t.validFor, life), place], { submit, action: t.makeLink });
}

export function share(area, name) {
	const lasts = area === 'public';
	maker(t.shareTitle(shown(base(name))), t.shareHelp, !lasts, async (seconds) => {
		const { url, expires_at: until } = await link(area, name, lasts ? {} : { expires_in: seconds });
		return { links: [result(t.link, url)], until };
	});
}

export function ask(area, folder) {
	maker(t.askTitle(shown(base(folder))), t.askHelp, true, async (seconds) => {
		const { url, expires_at: until } = await link(area, folder, { for: 'upload', expires_in: seconds });
		return { links: [result(t.linkForPeople, guestPage(url)), result(t.linkForPrograms, url)], until };
	});
}
