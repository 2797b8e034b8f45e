import { api, type Catalog } from './support/api';
import { expect, test } from './support/test';

test('filters change the address, the results and their count', async ({ page, request }) => {
  const tiered = await api<Catalog>(request, '/plans/catalog?rate_type=tiered');
  await page.goto('/plans');
  await page.getByRole('combobox', { name: 'Rate' }).selectOption('Tiered rate');
  await expect(page).toHaveURL('/plans?rate_type=tiered');
  await expect(page.locator('.result-count')).toContainText(`${tiered.total} plan`);
  const cards = page.getByRole('article');
  await expect(cards.first()).toBeVisible();
  await expect(cards.filter({ hasText: 'Tiered rate' })).toHaveCount(await cards.count());
});

test('a deep link with filters survives a reload', async ({ page, request }) => {
  const query = '/plans?plan_type=residential&min_renewable=50';
  const found = await api<Catalog>(request, query.replace('/plans', '/plans/catalog'));
  await page.goto(query);
  for (const visit of ['first', 'reloaded']) {
    await expect(page.locator('.result-count'), visit).toContainText(`${found.total} plan`);
    await expect(page.getByRole('radio', { name: 'Home' }), visit).toBeChecked();
    await expect(page.getByRole('slider', { name: 'Renewable' }), visit).toHaveValue('50');
    if (visit === 'first') await page.reload();
  }
});

test('back takes filters off one by one', async ({ page }) => {
  await page.goto('/plans');
  await page.getByText('Business', { exact: true }).first().click();
  await expect(page).toHaveURL('/plans?plan_type=business');
  await page.getByRole('textbox', { name: 'ZIP code' }).fill('75201');
  await expect(page).toHaveURL('/plans?plan_type=business&zip_code=75201');
  await page.goBack();
  await expect(page).toHaveURL('/plans?plan_type=business');
  await expect(page.getByRole('textbox', { name: 'ZIP code' })).toHaveValue('');
  await page.goBack();
  await expect(page).toHaveURL('/plans');
  await expect(page.getByRole('radio', { name: 'Any' })).toBeChecked();
});

test('the renewable slider works by keyboard and filters when it rests', async ({ page }) => {
  await page.goto('/plans');
  const slider = page.getByRole('slider', { name: 'Renewable' });
  await slider.focus();
  await page.keyboard.press('End');
  await expect(page).toHaveURL('/plans?min_renewable=100');
  await expect(page.getByRole('article').first()).toContainText('100% renewable');
  await page.keyboard.press('Home');
  await expect(page).toHaveURL('/plans');
});

test('pages of results are links and start at the top', async ({ page }) => {
  await page.goto('/plans');
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL('/plans?page=2');
  await expect(page.locator('.result-count')).toContainText('page 2 of');
  await expect(page.getByRole('article').first()).toBeInViewport();
  await page.goBack();
  await expect(page.locator('.result-count')).toContainText('page 1 of');
});

test('home leads to the plans of a ZIP code', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('textbox', { name: 'Your ZIP code' }).fill('75201');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/plans?zip_code=75201');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
});
