// The uploads of this tab: a queue of which a few are sent at a time.

import { Teller } from './dom.js';
import * as memory from './memory.js';
import { Upload } from './tus.js';

const PARALLEL = 3;

// Tells `change` and `stored` with an item; its `state` is one of the texts, or `failed` with `error`.
export class Uploads extends Teller {
	items = new Set();
	active = new Map();
	waiting = [];

	constructor() {
		super();
		addEventListener('beforeunload', (event) => { if (this.active.size > 0) event.preventDefault(); });
	}

	// Adds `{ file, folder }`s below a folder of an area, or of a link to upload by (`guest`).
	add(files, { area, endpoint = `${area}/uploads`, folder, guest }) {
		for (const { file, folder: inner } of files) {
			const item = { file, area, endpoint, guest, folder: folder + inner, name: file.name, size: file.size };
			item.key = memory.keyOf(item);
			// Chosen again, it takes the place of the one that was interrupted.
			for (const old of this.items) if (old.key === item.key && !this.active.has(old)) this.remove(old);
			this.queue(item);
		}
	}

	// Lists those at this link, or else in the areas, that a reload has interrupted.
	restore(guest) {
		const known = new Set([...this.items].map(({ key }) => key));
		for (const item of memory.all()) {
			const [area] = item.endpoint.split('/');
			if (known.has(item.key) || (guest ? item.endpoint !== guest : area === 'links')) continue;
			Object.assign(item, { area, guest, state: 'interrupted', sent: 0 });
			this.items.add(item);
			this.tell('change', item);
		}
	}

	// Puts an item at the end of the queue, perhaps to `replace` the file that has its name.
	queue(item, replace) {
		Object.assign(item, { replace, state: 'waiting', error: null, sent: 0, from: null });
		this.items.add(item);
		this.waiting.push(item);
		this.tell('change', item);
		this.next();
	}

	next() {
		while (this.active.size < PARALLEL && this.waiting.length > 0) this.run(this.waiting.shift());
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
			if (await upload.run()) {
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

	// Ends it, and removes what has arrived.
	cancel(item) {
		if (item.state === 'interrupted') new Upload(item).cancel();
		const upload = this.active.get(item);
		if (upload) upload.cancel();
		else this.remove(item);
	}

	remove(item) {
		this.items.delete(item);
		this.waiting = this.waiting.filter((other) => other !== item);
		this.tell('change', item);
	}
}
