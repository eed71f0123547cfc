// Elements, dialogs and messages. Texts become text nodes, never markup.

import { t } from './texts.js';

const PATHS = {
	folder: 'M3 5h6l2 3h10v11H3z',
	file: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
	image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15 9h.01',
	media: 'M3 6h12v12H3zM15 10l6-3v10l-6-3',
	upload: 'M12 16V4M7 9l5-5 5 5M4 20h16',
	download: 'M12 4v12M7 11l5 5 5-5M4 20h16',
	link: 'M9 7H7a5 5 0 0 0 0 10h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8',
	close: 'M6 6l12 12M18 6L6 18',
};

// An element such as `p.problem`. Functions among its attributes are listeners, `label` is for screen readers.
export function el(what, attributes = {}, ...children) {
	const [tag, kind] = what.split('.');
	const node = document.createElement(tag);
	if (kind) node.className = kind;
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function') node.addEventListener(name, value);
		else if (value) node.setAttribute(name === 'label' ? 'aria-label' : name, value === true ? '' : value);
	}
	fill(node, children);
	return node;
}

export function fill(node, ...children) {
	node.replaceChildren(...children.flat(4).filter(Boolean));
}

export function icon(name) {
	const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
	svg.setAttribute('viewBox', '0 0 24 24');
	svg.setAttribute('aria-hidden', 'true');
	svg.classList.add('icon', name);
	path.setAttribute('d', PATHS[name]);
	svg.append(path);
	return svg;
}

export const button = (text, click, picture, more) =>
	el('button', { type: 'button', click, ...more }, picture && icon(picture), text);

export const cross = (label, click) => el('button.bare', { type: 'button', label, title: label, click }, icon('close'));

export const input = (more) => el('input', { autocomplete: 'off', spellcheck: 'false', ...more });

let fields = 0;

export function field(text, control, help) {
	control.id = `field-${fields += 1}`;
	const kind = control.type === 'checkbox' ? 'check' : 'field';
	return el(`div.${kind}`, {}, el('label', { for: control.id }, text), control, help && el('small', {}, help));
}

export function problems() {
	const node = el('p.problem', { role: 'alert', hidden: true });
	node.show = (error) => {
		node.textContent = error?.message ?? '';
		node.hidden = !error;
	};
	return node;
}

// A modal dialog. What `submit` throws is shown; unless it returns false, the dialog closes.
export function dialog(title, content, { submit, action, kind = 'primary', close } = {}) {
	const problem = problems();
	const send = submit && el(`button.${kind}`, {}, action);
	const end = () => node.close();
	const form = el('form', {}, el('header', {}, el('h2', { dir: 'auto' }, title), cross(t.close, end)),
		el('div.content', {}, content, problem), submit && el('footer', {}, button(t.cancel, end), send));
	const node = el('dialog', { label: title, close }, form);
	form.onsubmit = async (event) => {
		event.preventDefault();
		if (!submit || send.disabled) return;
		send.disabled = true;
		problem.show();
		try {
			if (await submit() !== false) end();
		} catch (error) {
			problem.show(error);
		}
		send.disabled = false;
	};
	node.onclose = () => {
		node.remove();
		lift();
	};
	document.body.append(node);
	node.showModal();
	lift();
	form.querySelector('.content :is(input, select, textarea)')?.focus();
	return node;
}

const notice = el('p.notice', { role: 'status' });
const alert = problems();
let fading;

// In the document from the start, or messages would not be read out.
export const messages = el('div.messages', {}, alert, notice);

// What is below a dialog can be neither seen nor heard.
function lift() {
	([...document.querySelectorAll('dialog')].pop() ?? document.body).append(messages);
}

export function say(text) {
	clearTimeout(fading);
	notice.textContent = text;
	fading = setTimeout(say, 8000, '');
}

export function complain(error) {
	alert.show(error);
	alert.append(cross(t.dismiss, () => alert.show()));
}

export class Teller extends EventTarget {
	tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	on(type, listener) {
		this.addEventListener(type, ({ detail }) => listener(detail));
	}
}
