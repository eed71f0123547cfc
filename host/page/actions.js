// Rename, move, copy and delete, and what failed.

import { post } from './api.js';
import { dialog, el, field, fill, input, say } from './dom.js';
import { base, isFolder, parent, shown } from './format.js';
import { AREAS } from './route.js';
import { t } from './texts.js';

const BATCH = 200;

// Work on files, shown in `place`, which stops when that is closed.
class Job {
	done = 0;
	failed = [];

	constructor(listing, operation, place) {
		Object.assign(this, { listing, operation, words: el('p', { role: 'status' }) });
		fill(place, el('progress', { label: t.loading }), this.words);
	}

	// Does the part about `names`, in as many steps as it takes.
	async part(names, area, wanted) {
		try {
			for (let cursor; cursor !== null && this.words.isConnected;) {
				const answer = await post(`${area}/${this.operation}`, { ...wanted, ...(cursor && { cursor }) });
				// To one file, the answer is the file.
				const { name, done = 1, failed = [], next = null } = answer;
				this.done += done;
				this.words.textContent = t.working(this.done);
				for (const { name, problem } of failed) this.failed.push({ name, words: `${problem.title}: ${problem.detail}` });
				if (name) this.listing.put(area, answer);
				else if (wanted.to && done > 0) {
					// Anything there may be new.
					if (this.listing.folder.startsWith(wanted.to)) this.isOutdated = true;
					else this.listing.put(area, { name: `${wanted.to}.` });
				}
				cursor = next;
			}
		} catch ({ message: words }) {
			for (const name of names) this.failed.push({ name, words });
		}
	}

	// Takes away which of `names` are gone, and says what failed.
	end(names) {
		const { listing, operation, failed, done } = this;
		const isStopped = !this.words.isConnected;
		const stays = (name) => failed.some((other) => other.name === name || (isFolder(name) && other.name.startsWith(name)));
		if (isStopped || this.isOutdated) listing.reload();
		else if (operation !== 'copy') listing.remove(names.filter((name) => !stays(name)));
		say(isStopped ? t.stopped(done) : t.did(t.done[operation], done));
		if (failed.length === 0) return;
		dialog(t.failed(failed.length), el('ul', {},
			failed.map(({ name, words }) => el('li', {}, el('strong', { dir: 'auto' }, shown(name)), ` ${words}`))));
	}
}

export function remove(listing, names) {
	const { area } = listing;
	const some = names.slice(0, 5).map((name) => el('li', { dir: 'auto' }, shown(base(name))));
	const place = el('div', {}, el('ul', {}, some), el('p', {}, t.deleteHelp));
	const submit = async () => {
		const job = new Job(listing, 'delete', place);
		const files = names.filter((name) => !isFolder(name));
		for (let at = 0; at < files.length; at += BATCH) {
			const batch = files.slice(at, at + BATCH);
			await job.part(batch, area, { names: batch });
		}
		for (const folder of names.filter(isFolder)) await job.part([folder], area, { folder });
		job.end(names);
	};
	dialog(t.title(t.delete, names.length), place, { submit, action: t.delete, kind: 'danger' });
}

// Moves or copies each to where `target`, which reads the fields, says.
function relocate(listing, operation, names, [title, action], fields, target) {
	const replace = el('input', { type: 'checkbox' });
	const place = el('div', {}, fields, field(t.replaceAll, replace));
	const { area: source } = listing;
	const submit = async () => {
		const job = new Job(listing, operation, place);
		for (const from of names) {
			const { area, to } = target(from);
			await job.part([from], area, { from, to: to + (isFolder(from) ? '/' : ''), from_area: source, replace: replace.checked });
		}
		job.end(names);
	};
	dialog(title, place, { submit, action });
}

export function rename(listing, name) {
	const { area } = listing;
	const old = base(name);
	const control = input({ value: old });
	relocate(listing, 'move', [name], [t.rename, t.rename], field(t.newName, control), () => ({ area, to: parent(name) + control.value }));
	control.setSelectionRange(0, old.replace(/(.)\.[^.]*$/, '$1').length);
}

export function transfer(listing, operation, names) {
	const area = el('select', {}, AREAS.map((name) => el('option', { value: name, selected: name === listing.area }, t[name])));
	const folder = input({ value: listing.folder });
	relocate(listing, operation, names, [t.title(t[operation], names.length), t[operation]], [field(t.toArea, area), field(t.toFolder, folder)], (name) => {
		const into = folder.value.replace(/^\/+|\/+$/g, '');
		return { area: area.value, to: (into && `${into}/`) + base(name) };
	});
}
