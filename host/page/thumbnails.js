// Small pictures of images, by URLs that are made for many at once.

import { urls } from './api.js';
import { kindOf } from './format.js';

const MAX_SIZE = 16e6;
const BATCH = 100;

export class Thumbnails {
	observer = new IntersectionObserver((seen) => this.see(seen), { rootMargin: '300px' });

	constructor(listing) {
		this.listing = listing;
	}

	watch(row) {
		if (kindOf(row.item.name) === 'image' && row.item.size < MAX_SIZE) this.observer.observe(row);
	}

	async see(seen) {
		const rows = seen.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
		for (const row of rows) this.observer.unobserve(row);
		while (rows.length > 0) {
			const some = rows.splice(0, BATCH);
			// Without a URL there is the icon.
			const found = await urls(this.listing.area, some.map(({ item }) => item.name)).catch(() => new Map());
			for (const row of some) if (found.has(row.item.name)) this.show(row, found.get(row.item.name));
		}
	}

	show(row, url) {
		const image = new Image();
		image.alt = '';
		image.onload = () => row.querySelector('.thumbnail').replaceChildren(image);
		image.src = url;
	}
}
