// Where the page is: `#/AREA/FOLDER/`, or `#/drop/TOKEN/` to hand in files. No server sees fragments.

import { encoded } from './format.js';
import { token } from './session.js';

export const AREAS = ['public', 'user', 'org'];

export const hash = (area, folder = '') => `#/${area}/${encoded(folder)}`;

export const guestPage = (url) => new URL(`#/drop/${url.split('/v1/links/')[1]}`, document.baseURI).href;

// `{ area, folder }`, or `{ link }`, a link to upload by, below `/v1/`.
export function current() {
	const [, first, ...rest] = location.hash.split('/');
	if (first === 'drop') return { link: `links/${rest.join('/')}` };
	const area = AREAS.includes(first) ? first : token() ? 'user' : 'public';
	try {
		return { area, folder: rest.map(decodeURIComponent).join('/').replace(/([^/])$/, '$1/') };
	} catch {
		return { area, folder: '' };
	}
}
