// What the uploads are doing, in a corner of the page.

import { button, complain, cross, el, fill, say } from './dom.js';
import { choose } from './files.js';
import { shown, size } from './format.js';
import { t } from './texts.js';

const MAX_ROWS = 50;
const ENDED = ['done', 'failed'];
const begun = ({ items }) => [...items].filter(({ state }) => state !== 'interrupted');

export class Panel {
	rows = new Map();
	changed = new Set();
	title = el('h2');
	list = el('ul');
	rest = el('p');

	constructor(uploads) {
		this.uploads = uploads;
		this.end = button('', () => begun(uploads).forEach((item) => uploads.cancel(item)));
		this.node = el('section.panel', { label: t.uploads, hidden: true },
			el('header', {}, this.title, this.end), this.list, this.rest);
		uploads.on('change', (item) => {
			// Many come at once.
			if (this.changed.size === 0) setTimeout(() => this.draw(), 50);
			this.changed.add(item);
		});
	}

	draw() {
		const { items } = this.uploads;
		const news = [...this.changed];
		this.changed.clear();
		// Of many, those that are done make room.
		const isShown = (item) => items.has(item) && (item.state !== 'done' || items.size <= MAX_ROWS);
		for (const [item, row] of this.rows) {
			if (isShown(item)) continue;
			row.node.remove();
			this.rows.delete(item);
		}
		for (const item of news) this.update(this.rows.get(item), item);
		const more = [...items].filter((item) => isShown(item) && !this.rows.has(item));
		for (const item of more.splice(0, MAX_ROWS - this.rows.size)) this.append(item);
		const all = begun(this.uploads);
		const [done, failed] = ENDED.map((state) => all.filter((item) => item.state === state).length);
		const isOver = done + failed === all.length;
		const words = isOver ? [done && t.uploaded(done), failed && t.failed(failed)].filter(Boolean).join(', ') : t.uploading(done, all.length);
		this.title.textContent = words;
		if (isOver && news.some(({ state }) => ENDED.includes(state))) say(words);
		this.end.hidden = all.length === 0;
		this.end.textContent = isOver ? t.hide : t.cancelAll;
		this.rest.textContent = more.length > 0 ? t.moreFiles(more.length) : '';
		this.node.hidden = items.size === 0;
	}

	append(item) {
		const row = { bar: el('progress', { max: item.size || 1, label: item.name }), words: el('span.words'), buttons: el('span') };
		row.node = el('li', {}, el('span', { dir: 'auto' }, shown(item.name)), row.buttons, row.bar, row.words);
		this.rows.set(item, row);
		this.list.append(row.node);
		this.update(row, item);
	}

	update(row, item) {
		if (!row) return;
		const { state, error, sent, from, began } = item;
		const speed = (sent - from) / (performance.now() - began) * 1000;
		row.bar.value = sent;
		row.words.textContent = error?.message ?? (state === 'sending' ? t.sending(Math.floor(sent / item.size * 100), size(speed)) : t.states[state]);
		if (row.node.className === state) return;
		row.node.className = state;
		row.bar.hidden = [...ENDED, 'interrupted'].includes(state);
		const { uploads } = this;
		const name = shown(item.name);
		const act = (text, action) => button(text, action, null, { label: t.about(text, name) });
		const end = (text) => cross(t.about(text, name), () => uploads.cancel(item));
		fill(row.buttons, {
			done: [item.edit && act(t.delete, () => uploads.withdraw(item).catch(complain))],
			failed: [
				error?.type === 'already-exists' && !item.guest && act(t.replace, () => uploads.queue(item, true)),
				act(t.again, () => uploads.queue(item, item.replace)), end(t.dismiss)],
			interrupted: [act(t.choose, async () => uploads.resume(item, await choose({ single: true }))), end(t.dismiss)],
		}[state] ?? end(t.cancel));
	}
}
