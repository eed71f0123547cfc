// One file, shown or played if browsers can, and its metadata.

import { info, urls } from './api.js';
import { dialog, el, field, say } from './dom.js';
import { base, date, elementFor, shown, size } from './format.js';
import { t } from './texts.js';

export function view(area, name, buttons) {
	const place = el('div');
	const filled = fill(place, area, name);
	filled.catch(({ message }) => place.append(el('p.problem', { role: 'alert' }, message)));
	const submit = async () => (await filled)();
	return dialog(shown(base(name)), [el('div.tools', {}, buttons), place], { submit, action: t.save });
}

// Returns what saves the metadata.
async function fill(place, area, name) {
	let [file, found] = await Promise.all([info(area, name), urls(area, [name])]);
	const facts = { [t.type]: file.content_type, [t.columns.size]: size(file.size), [t.columns.date]: date(file.last_modified) };
	const lines = el('textarea', { rows: 3, spellcheck: 'false' });
	lines.value = Object.entries(file.metadata).map(([key, value]) => `${key}: ${value}`).join('\n');
	place.append(preview(elementFor(file.content_type, file.size), found.get(name), shown(base(name))),
		el('dl', {}, Object.entries(facts).map(([term, text]) => [el('dt', {}, term), el('dd', {}, text)])), field(t.metadata, lines, t.metadataHelp));
	return async () => {
		const pairs = lines.value.split('\n').filter(Boolean).map((line) => line.split(/: ?(.*)/s));
		const metadata = Object.fromEntries(pairs.map(([key, value = '']) => [key.trim(), value]));
		file = await info(area, name, { method: 'PATCH', json: { metadata }, headers: { 'if-match': file.etag } });
		say(t.saved);
		return false;
	};
}

function preview(tag, src, label) {
	const more = { img: { alt: label }, iframe: { title: label } }[tag] ?? { controls: true, label };
	return el('div.stage', {}, tag && src && el(tag, { src, ...more }));
}
