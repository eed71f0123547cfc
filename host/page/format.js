// Names, sizes and times as people read them.

import { language } from './texts.js';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
const numbers = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

export function size(bytes) {
	let unit = 0;
	for (; bytes >= 1000 && unit < 4; unit += 1) bytes /= 1000;
	return `${numbers.format(bytes)} ${UNITS[unit]}`;
}

export const date = (text) => dates.format(new Date(text));

// Without characters that turn its direction, so that `gpj.exe` would read `exe.jpg`.
export const shown = (name) => name.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

export const isFolder = (name) => name.endsWith('/');

export const base = (name) => name.replace(/\/$/, '').split('/').pop();

// Empty, or with a slash at its end.
export const parent = (name) => name.replace(/[^/]*\/?$/, '');

export const encoded = (name) => name.split('/').map(encodeURIComponent).join('/');

const KINDS = {
	image: 'apng avif bmp gif jpeg jpg png webp',
	media: 'mp4 m4v webm mov ogv mp3 m4a ogg oga opus wav flac',
};

const isKind = (kind, extension) => KINDS[kind].split(' ').includes(extension);

export function kindOf(name) {
	if (isFolder(name)) return 'folder';
	const extension = name.split('.').pop().toLowerCase();
	return ['image', 'media'].find((kind) => isKind(kind, extension)) ?? 'file';
}

// The element that shows it; the server sends other types as downloads.
export function elementFor(type, bytes) {
	const [essence] = type.toLowerCase().split(';');
	const [kind, subtype] = essence.split('/');
	if (essence === 'application/pdf' || (essence === 'text/plain' && bytes < 1e6)) return 'iframe';
	if (kind === 'image') return isKind(kind, subtype) && 'img';
	return ['audio', 'video'].includes(kind) && kind;
}
