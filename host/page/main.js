// The frame of the page, and what leads from one part to another.

import { remove, rename, transfer } from './actions.js';
import { link, local } from './api.js';
import { button, complain, cross, el, fill, input, messages } from './dom.js';
import { catchDrops, choose } from './files.js';
import { base, isFolder, shown } from './format.js';
import { ask, share } from './links.js';
import { Listing } from './listing.js';
import { Panel } from './panel.js';
import { AREAS, current, hash } from './route.js';
import * as session from './session.js';
import { t } from './texts.js';
import { Uploads } from './uploads.js';
import { view } from './viewer.js';

const listing = new Listing();
const { selection } = listing;
const uploads = new Uploads();
const main = el('main');
const tabs = el('nav.tabs', { label: t.areas });
const account = el('div.account');
const crumbs = el('nav.crumbs', { label: t.path });
const search = input({ type: 'search', placeholder: t.search, label: t.search });
let place = current();

const target = () => (place.link ? { endpoint: place.link, folder: '', guest: place.link } : place);
const send = (how) => async () => {
	const to = target();
	uploads.add(await choose(how), to);
};
const primary = { class: 'primary' };

async function download(name) {
	const { url } = await link(listing.area, name);
	el('a', { href: `${local(url)}?download`, download: true }).click();
}

// Buttons; `before` is called first.
function actions(names, before) {
	const [name] = names;
	const act = (text, action, picture, more) => button(text, () => {
		before?.();
		Promise.resolve(action()).catch(complain);
	}, picture, more);
	return [
		names[1] ? '' : [
			isFolder(name)
				? act(t.ask, () => ask(listing.area, name), 'link')
				: [act(t.download, () => download(name), 'download'), act(t.share, () => share(listing.area, name), 'link')],
			act(t.rename, () => rename(listing, name)),
		],
		act(t.move, () => transfer(listing, 'move', names)),
		act(t.copy, () => transfer(listing, 'copy', names)),
		act(t.delete, () => remove(listing, names), null, { class: 'danger' }),
	];
}

const upload = button(t.upload, send(), 'upload', primary);
const uploadFolder = button(t.uploadFolder, send({ directory: true }));
const askHere = button(t.ask, () => ask(place.area, place.folder), 'link');
const tools = el('div.tools');
const bar = el('div.tools');

selection.on('change', () => {
	const { size } = selection.names;
	bar.classList.toggle('chosen', size > 0);
	fill(bar, size > 0
		? [el('strong', { role: 'status' }, t.selected(size)), actions(selection.items()), cross(t.clear, () => {
			selection.set([]);
			selection.focus();
		})]
		: [upload, uploadFolder, place.folder && askHere]);
});
listing.body.addEventListener('keydown', ({ key }) => {
	const names = selection.items();
	if (key === 'Delete') remove(listing, names);
	if (key === 'F2') rename(listing, names[0]);
});
listing.on('open', (name) => {
	const node = view(listing.area, name, actions([name], () => node.close()));
});
listing.on('fail', ({ status }) => {
	if (status === 401) listing.problem.append(button(t.signIn, () => session.signIn()));
});
uploads.on('stored', ({ area, folder, name, size }) => {
	listing.put(area, { name: folder + name, size, last_modified: new Date().toISOString() });
});
uploads.on('withdrawn', () => listing.reload());
// What had the focus may be gone.
addEventListener('close', () => { if (document.activeElement === document.body) selection.focus(); }, true);

let typing;
search.addEventListener('input', () => {
	clearTimeout(typing);
	typing = setTimeout(() => listing.show(place.area, place.folder, search.value), 200);
});

function drawFrame({ area, folder }) {
	fill(account, session.token()
		? [el('span', { dir: 'auto' }, session.who()), button(t.signOut, session.signOut)]
		: button(t.signIn, () => session.signIn(), null, primary));
	fill(tabs, AREAS.map((name) => el('a', { href: hash(name), 'aria-current': name === area && 'page' }, t[name])));
	const parts = folder.split('/').slice(0, -1);
	const steps = [['', t[area]], ...parts.map((part, at) => [`${parts.slice(0, at + 1).join('/')}/`, shown(part)])];
	fill(crumbs, steps.map(([to, text]) =>
		el('a', { href: hash(area, to), dir: 'auto', 'aria-current': to === folder && 'page' }, text)));
	document.title = `${folder ? shown(base(folder)) : t[area]} – ${t.name}`;
}

function arrive() {
	place = current();
	const { area, folder, link } = place;
	document.body.className = link ? 'guest' : '';
	uploads.restore(link);
	if (link) {
		document.title = `${t.guestTitle} – ${t.name}`;
		fill(tools, upload, link.endsWith('/') && uploadFolder);
		fill(main, el('section.hand-in', {}, el('h1', {}, t.guestTitle), el('p', {}, t.guestHelp), tools));
		return;
	}
	drawFrame(place);
	search.value = '';
	fill(main, el('div.place', {}, crumbs, search), bar, listing.node);
	listing.show(area, folder);
}

await session.start().catch(() => complain({ message: t.offline }));
session.changes.on('change', arrive);
addEventListener('hashchange', () => {
	// They ask about another place.
	document.querySelectorAll('dialog').forEach((one) => one.close());
	arrive();
});
document.body.append(el('header.top', {}, el('a.brand', { href: hash('public') }, el('img', { src: 'page/icon.svg', alt: true }), t.name), tabs, account),
	main, new Panel(uploads).node, messages);
catchDrops(async (reading) => {
	const to = target();
	const { files, unreadable } = await reading;
	uploads.add(files, to);
	if (unreadable > 0) complain(new Error(t.leftOut(unreadable)));
});
arrive();
