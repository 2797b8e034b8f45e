import { accessibilityProblems } from './support/accessibility';
import { expect, test } from './support/test';

const BILLS = 'date,kwh,cost_cents\n2026-07,1400,18200\n2026-08,1420,18460\n2026-09,1100,14300\n';

test('a new user registers, adds usage, says what matters, and is advised', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByText('I am new here').click();
  await page.getByLabel('Email').fill(`ada-${Date.now()}@example.com`);
  await page.getByLabel('Password').fill('correct horse');
  await page.getByLabel('Name').fill('Ada Ent');
  await page.getByLabel('ZIP code').fill('77002');
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Ada Ent' })).toBeVisible();

  await page.getByText('Change them').click();
  await page.getByRole('slider', { name: 'Low cost' }).fill('100');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  expect(await accessibilityProblems(page)).toEqual([]);

  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByText('Add readings').click();
  const file = { name: 'bills.csv', mimeType: 'text/csv', buffer: Buffer.from(BILLS) };
  await page.getByLabel('File').setInputFiles(file);
  await page.getByRole('button', { name: 'Upload' }).click();
  await expect(page.getByText('Added 92 days')).toBeVisible();
  await expect(page.getByText(/9 of the months are estimated/)).toBeVisible();
  expect(await accessibilityProblems(page)).toEqual([]);

  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByText('Change them').click();
  await expect(page.getByRole('slider', { name: 'Low cost' })).toHaveValue('100');
  await page.getByRole('button', { name: 'Sign out' }).click();
  // A demo has a profile for everybody.
  const main = page.getByRole('navigation', { name: 'Main' });
  await main.getByRole('link', { name: /^(Profile|Sign in)$/ }).click();
  await expect(page.getByRole('heading', { name: 'Ada Ent' })).toHaveCount(0);
});

test.describe('recommendations', () => {
  // The browser says so when there are none yet, and when there is too little usage.
  test.use({ tolerate: /404|422/ });

  test('are worked out when asked for', async ({ page }) => {
    const email = `bob-${Date.now()}@example.com`;
    const form = { email, password: 'correct horse', name: 'Bob', zip_code: '77002' };
    const registered = await page.request.post('/api/v1/auth/register', { data: form });
    const session = (await registered.json()) as { access_token: string };
    await page.addInitScript((text) => {
      sessionStorage.setItem('treebeard.session', text);
    }, JSON.stringify(session));
    await page.goto('/recommendations');
    await page.getByRole('button', { name: 'Work them out again' }).click();
    await expect(page.getByRole('alert')).toHaveText(/need 3 months of usage/);
    await page.request.post('/api/v1/usage/upload', {
      data: BILLS,
      headers: {
        'Content-Type': 'text/csv',
        Authorization: `Bearer ${session.access_token}`,
      },
    });
    await page.getByRole('button', { name: 'Work them out again' }).click();
    await expect(page.getByRole('article')).toHaveCount(3);
    await expect(page.getByText('Rests on 3 months of your year').first()).toBeVisible();
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});
