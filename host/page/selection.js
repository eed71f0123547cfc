// The selected rows of a listing, and the keyboard.

import { Teller } from './dom.js';

// At a checkbox, it is the browser's.
const isSpace = ({ key, target }) => key === ' ' && target.type !== 'checkbox';

export class Selection extends Teller {
	names = new Set();

	constructor(listing) {
		super();
		this.listing = listing;
		const { body, all } = listing;
		body.addEventListener('click', (event) => this.click(event));
		body.addEventListener('focusin', ({ target }) => this.enter(target.closest('.row')));
		body.addEventListener('keydown', (event) => this.key(event));
		// It would press the button.
		body.addEventListener('keyup', (event) => { if (isSpace(event)) event.preventDefault(); });
		all.addEventListener('change', () => this.set(all.checked ? listing.order : []));
	}

	items() {
		if (this.names.size > 0) return this.listing.order.filter((name) => this.names.has(name));
		return this.current ? [this.current] : [];
	}

	set(names) {
		this.names = new Set(names);
		this.told = null;
		this.settle();
	}

	toggle(name) {
		if (!this.names.delete(name)) this.names.add(name);
		this.settle();
	}

	settle() {
		const { rows, order, all } = this.listing;
		for (const name of this.names) if (!rows.has(name)) this.names.delete(name);
		for (const [name, row] of rows) {
			const isSelected = this.names.has(name);
			if (row.getAttribute('aria-selected') === String(isSelected)) continue;
			row.setAttribute('aria-selected', isSelected);
			row.querySelector('input').checked = isSelected;
		}
		all.checked = order.length > 0 && this.names.size === order.length;
		all.indeterminate = this.names.size > 0 && !all.checked;
		if (!rows.has(this.current)) this.enter(rows.get(order[0]));
		const names = JSON.stringify([...this.names]);
		// It rebuilds the buttons, one of which may have the focus.
		if (names !== this.told) this.tell('change');
		this.told = names;
	}

	enter(row) {
		const set = (row, index) => row?.querySelectorAll('.open, input').forEach((control) => { control.tabIndex = index; });
		set(this.listing.rows.get(this.current), -1);
		set(row, 0);
		this.current = row?.item.name;
	}

	focus(name = this.current) {
		this.listing.rows.get(name)?.querySelector('.open').focus();
	}

	click({ target }) {
		if (!target.closest('.open')) this.toggle(target.closest('.row').item.name);
	}

	key(event) {
		const { order } = this.listing;
		const at = order.indexOf(this.current);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
		if (to !== undefined) {
			if (event.shiftKey) this.set([...this.names, this.current, order[to]]);
			this.focus(order[to]);
		} else if (isSpace(event)) this.toggle(this.current);
		else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) this.set(order);
		else if (event.key === 'Escape') this.set([]);
		else return;
		event.preventDefault();
	}
}
