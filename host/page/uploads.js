// The uploads of this tab, a queue.

import { local } from './api.js';
import { Teller } from './dom.js';
import * as memory from './memory.js';
import { who } from './session.js';
import { t } from './texts.js';
import { Upload } from './tus.js';

const PARALLEL = 3;

// With the lock that tells other tabs of an upload; browsers have it with HTTPS.
const exclusively = ({ key }, how, act) => (navigator.locks ? navigator.locks.request(key, how, act) : act());

// Tells `change`, `stored` and `withdrawn`; the `state` of an item is a text's, or `failed`.
export class Uploads extends Teller {
	items = new Set();
	active = new Map();
	waiting = new Set();

	constructor() {
		super();
		addEventListener('beforeunload', (event) => { if (this.active.size > 0) event.preventDefault(); });
	}

	// Adds files below a folder of an area, or of a link (`guest`).
	add(files, { area, endpoint = `${area}/uploads`, folder, guest }) {
		const known = new Map([...this.items].map((item) => [item.key, item]));
		for (const { file, folder: inner } of files) {
			const item = { file, area, endpoint, guest, folder: folder + inner, name: file.name, size: file.size };
			item.key = memory.keyOf(item);
			const old = known.get(item.key);
			if (this.active.has(old)) continue;
			// Chosen again, it takes the place of one that was interrupted.
			if (old) this.remove(old);
			this.queue(item);
		}
	}

	// Lists what a reload has interrupted, at this link or else in the areas.
	restore(guest) {
		const isKnown = ({ key }) => [...this.items].some((item) => item.key === key);
		for (const item of memory.all()) {
			if (isKnown(item) || (guest ? item.endpoint !== guest : item.owner !== who())) continue;
			// Once no other tab sends it.
			exclusively(item, {}, () => {
				if (isKnown(item) || !memory.find(item.key)) return;
				Object.assign(item, { area: item.endpoint.split('/')[0], guest, state: 'interrupted', sent: 0 });
				this.items.add(item);
				this.tell('change', item);
			});
		}
	}

	// Goes on with an interrupted one, if this is its file.
	resume(item, files) {
		for (const { file } of files) {
			if (memory.keyOf({ ...item, name: file.name, file }) === item.key) this.queue(Object.assign(item, { file }));
			else this.tell('change', Object.assign(item, { error: new Error(t.anotherFile) }));
		}
	}

	queue(item, replace) {
		Object.assign(item, { replace, state: 'waiting', error: null, sent: 0, from: null });
		this.items.add(item);
		this.waiting.add(item);
		this.tell('change', item);
		this.next();
	}

	next() {
		for (const item of this.waiting) {
			if (this.active.size === PARALLEL) return;
			this.waiting.delete(item);
			this.run(item);
		}
	}

	async run(item) {
		const upload = new Upload(item, (state, sent = item.sent) => {
			item.from ??= sent;
			Object.assign(item, { state, sent });
			this.tell('change', item);
		});
		this.active.set(item, upload);
		item.began = performance.now();
		try {
			if (await exclusively(item, { ifAvailable: true }, () => upload.run())) {
				item.state = 'done';
				this.tell('stored', item);
			} else this.items.delete(item);
		} catch (error) {
			Object.assign(item, { state: 'failed', error });
		}
		this.active.delete(item);
		this.tell('change', item);
		this.next();
	}

	// Removes what has arrived, too.
	cancel(item) {
		if (item.state !== 'done') (this.active.get(item) ?? new Upload(item)).cancel();
		if (!this.active.has(item)) this.remove(item);
	}

	// Deletes what was stored without a token.
	async withdraw(item) {
		await new Upload(item).send('DELETE', local(item.edit));
		this.remove(item);
		this.tell('withdrawn');
	}

	remove(item) {
		this.items.delete(item);
		this.waiting.delete(item);
		this.tell('change', item);
	}
}
