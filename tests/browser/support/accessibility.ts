import type { Page } from '@playwright/test';
import { contrastProblems } from './contrast';

/** What is wrong with the page for those who do not see it, or not well; empty when nothing is. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  return [
    ...(await unnamedControls(page)),
    ...(await page.evaluate(structureProblems)),
    ...(await page.evaluate(contrastProblems)),
  ];
}

const CONTROLS = new Set([
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'slider',
  'radio',
  'radiogroup',
  'checkbox',
  'dialog',
  'navigation',
  'form',
  'search',
  'table',
]);

/** Asks Chromium's own accessibility tree for controls without a name. */
async function unnamedControls(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter((node) => !node.ignored && CONTROLS.has(String(node.role?.value)))
    .filter((node) => String(node.name?.value ?? '').trim() === '')
    .map((node) => `${String(node.role?.value)} without a name`);
}

function structureProblems(): string[] {
  const problems: string[] = [];
  const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
  const exactlyOne = (selector: string) => {
    const { length } = all(selector);
    if (length !== 1) problems.push(`${length} of ${selector}`);
  };
  exactlyOne('main');
  exactlyOne('h1');
  exactlyOne('html[lang]');
  if (document.title === '') problems.push('no title');

  let level = 0;
  for (const heading of all('main :is(h1, h2, h3, h4)')) {
    const next = Number(heading.tagName.slice(1));
    if (next > level + 1)
      problems.push(`h${level} is followed by "${heading.innerText}", h${next}`);
    level = next;
  }

  const ids = all('[id]').map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`two #${id}`);
  for (const image of all('img:not([alt])')) problems.push(`image without alt ${image.outerHTML}`);

  // WCAG 2.2, 2.5.8: 24 by 24 pixels; links within a sentence are exempt.
  for (const target of all('a, button, input:not([type=radio]), select, summary')) {
    if (target.matches('p a, .skip-link, h2 a, h3 a')) continue;
    const { width, height } = target.getBoundingClientRect();
    if (width > 0 && (width < 24 || height < 24)) {
      problems.push(`small target ${target.outerHTML.slice(0, 80)}`);
    }
  }
  return problems;
}
