// The files of a folder, a grid that loads more as it is scrolled.

import { list } from './api.js';
import { Teller, button, el, icon, problems } from './dom.js';
import { base, date, isFolder, kindOf, shown, size } from './format.js';
import { hash } from './route.js';
import { Selection } from './selection.js';
import { t } from './texts.js';
import { Thumbnails } from './thumbnails.js';

// Tells `open` with a name, and `fail` with an error.
export class Listing extends Teller {
	order = [];
	rows = new Map();
	all = el('input', { type: 'checkbox', label: t.selectAll });
	body = el('div.rows', { role: 'rowgroup' });
	problem = problems();
	status = el('p.status', { role: 'status' });

	constructor() {
		super();
		const end = el('div');
		this.grid = el('div.grid', { role: 'grid', label: t.files, 'aria-multiselectable': 'true', 'aria-describedby': 'hint' },
			el('div', { role: 'rowgroup' }, el('div.row head', { role: 'row' },
				Object.entries({ pick: this.all, ...t.columns }).map(([name, content]) => el(`span.${name}`, { role: 'columnheader' }, content)))), this.body);
		this.node = el('div', {}, el('p.hidden', { id: 'hint' }, t.gridHint), this.grid, this.problem, end, this.status);
		this.thumbnails = new Thumbnails(this);
		this.selection = new Selection(this);
		this.body.addEventListener('click', ({ target }) => {
			const opened = target.closest('button.open');
			if (opened) this.tell('open', opened.closest('.row').item.name);
		});
		const look = () => { if (this.problem.hidden) this.more(); };
		addEventListener('scroll', look);
		// Rows that go bring it near.
		new IntersectionObserver(look, { rootMargin: '1500px' }).observe(end);
		this.isNear = () => this.node.isConnected && end.getBoundingClientRect().top < innerHeight + 2000;
	}

	show(area, folder, search = '') {
		this.loading?.abort();
		Object.assign(this, { area, folder, search, order: [], next: null, isComplete: false, loading: null });
		this.rows.clear();
		this.body.replaceChildren();
		this.thumbnails.observer.disconnect();
		this.selection.set([]);
		return this.more();
	}

	reload() {
		return this.show(this.area, this.folder, this.search);
	}

	async more() {
		if (this.loading || this.isComplete || !this.area || !this.isNear()) return;
		const { signal } = this.loading = new AbortController();
		this.problem.show();
		this.status.textContent = t.loading;
		try {
			do {
				const page = await list(this.area, this.folder + this.search, this.next, signal);
				if (signal.aborted) return;
				this.append(page);
			} while (this.isNear() && !this.isComplete);
		} catch (error) {
			if (signal.aborted) return;
			this.settle();
			this.problem.show(error);
			this.problem.append(button(t.again, () => this.more()));
			this.status.textContent = '';
			this.tell('fail', error);
		}
		this.loading = null;
	}

	append({ files, folders, next }) {
		const page = [...files, ...folders.map((name) => ({ name }))].sort((a, b) => (a.name < b.name ? -1 : 1));
		Object.assign(this, { next, isComplete: next === null });
		for (const item of page) this.insert(item, this.order.length);
		this.settle();
	}

	insert(item, at) {
		const old = this.rows.get(item.name);
		const row = this.row(item);
		if (old) old.replaceWith(row);
		else {
			this.body.insertBefore(row, this.rows.get(this.order[at]) ?? null);
			this.order.splice(at, 0, item.name);
		}
	}

	// Adds or replaces a file, or the folder that it is in, if that belongs here.
	put(area, file) {
		if (area !== this.area || !file.name.startsWith(this.folder + this.search)) return;
		const slash = file.name.indexOf('/', this.folder.length);
		const item = slash < 0 ? file : { name: file.name.slice(0, slash + 1) };
		const at = this.order.findIndex((name) => name >= item.name);
		// It comes with the next page.
		if (at < 0 && !this.isComplete) return;
		this.insert(item, at < 0 ? this.order.length : at);
		this.settle();
	}

	remove(names) {
		const at = this.order.indexOf(names[0]);
		const gone = new Set(names);
		this.order = this.order.filter((name) => !gone.has(name));
		for (const name of gone) {
			this.rows.get(name)?.remove();
			this.rows.delete(name);
		}
		this.selection.enter(this.rows.get(this.order[Math.min(at, this.order.length - 1)]));
		this.settle();
	}

	row(item) {
		const { name } = item;
		const folder = isFolder(name);
		const label = shown(base(name));
		const opens = folder ? { href: hash(this.area, name) } : { type: 'button' };
		const open = el(folder ? 'a.open' : 'button.open', { dir: 'auto', tabindex: -1, title: label, ...opens }, label);
		const cell = (kind, ...content) => el(`span.${kind}`, { role: 'gridcell' }, content);
		const row = el('div.row', { role: 'row' }, cell('pick', el('input', { type: 'checkbox', tabindex: -1, label: t.select(label) })),
			cell('name', el('span.thumbnail', {}, icon(kindOf(name))), open), cell('size', !folder && size(item.size)), cell('date', !folder && date(item.last_modified)));
		row.item = item;
		this.rows.set(name, row);
		this.thumbnails.watch(row);
		return row;
	}

	settle() {
		const n = this.order.length;
		const empty = this.search ? t.noMatch : t.empty;
		this.grid.setAttribute('aria-rowcount', this.isComplete ? n + 1 : -1);
		this.grid.hidden = n === 0;
		this.status.textContent = !this.isComplete ? t.more(n) : n === 0 ? empty : t.items(n);
		this.selection.settle();
	}
}
