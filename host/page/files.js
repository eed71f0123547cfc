// Files that a user drops or chooses, as `{ file, folder }`.

import { el } from './dom.js';
import { t } from './texts.js';

async function dropped({ items }) {
	const found = { files: [], unreadable: 0 };
	// The list is empty once the event is over.
	const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
	for (const entry of entries) await walk(entry, '', found);
	return found;
}

async function walk(entry, folder, found) {
	try {
		if (entry.isFile) {
			found.files.push({ folder, file: await new Promise(entry.file.bind(entry)) });
			return;
		}
		const reader = entry.createReader();
		for (;;) {
			const some = await new Promise(reader.readEntries.bind(reader));
			if (some.length === 0) return;
			for (const inner of some) await walk(inner, `${folder}${entry.name}/`, found);
		}
	} catch {
		found.unreadable += 1;
	}
}

export function choose({ directory, single } = {}) {
	return new Promise((resolve) => {
		const end = ({ target }) => {
			target.remove();
			resolve([...target.files].map((file) => ({ file, folder: file.webkitRelativePath.replace(/[^/]*$/, '') })));
		};
		const input = el('input', { type: 'file', hidden: true, multiple: !single, webkitdirectory: directory, cancel: end, change: end });
		document.body.append(input);
		input.click();
	});
}

// Calls `take` with a promise of what is dropped anywhere.
export function catchDrops(take) {
	const sign = el('div.overlay', { hidden: true }, t.dropHere);
	document.body.append(sign);
	const on = (type, act) => addEventListener(type, (event) => {
		if (!event.dataTransfer.types.includes('Files')) return;
		event.preventDefault();
		sign.hidden = type !== 'dragover';
		act?.(event);
	});
	on('dragover');
	on('dragleave');
	on('drop', ({ dataTransfer }) => take(dropped(dataTransfer)));
}
