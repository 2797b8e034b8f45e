import { accessibilityProblems } from './support/accessibility';
import { anyPlan } from './support/api';
import { expect, test } from './support/test';

const PAGES = {
  '/': 'Find a plan you won’t outgrow.',
  '/plans': 'Electricity plans',
  '/recommendations': 'Recommended for you',
  '/usage': 'Your usage',
  '/profile': 'Your profile',
  '/sign-in': 'Sign in',
  '/nowhere': 'Page not found',
};
const SCREENS = { desktop: { width: 1280, height: 860 }, phone: { width: 360, height: 740 } };

for (const [screen, viewport] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${screen}, ${colorScheme}`, () => {
      test.use({ viewport, colorScheme });

      for (const [path, heading] of Object.entries(PAGES)) {
        test(`${path} is accessible and fits`, async ({ page }) => {
          await page.goto(path, { waitUntil: 'networkidle' });
          await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
          await expect(page.locator('.loading')).toHaveCount(0);
          expect(await accessibilityProblems(page)).toEqual([]);
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - window.innerWidth,
          );
          expect(overflow, 'pixels too wide').toBeLessThanOrEqual(0);
        });
      }

      test('the plan dialog is accessible and fits', async ({ page, request }) => {
        const { plan_id, plan_name } = await anyPlan(request);
        await page.goto(`/plans/${plan_id}`, { waitUntil: 'networkidle' });
        const dialog = page.getByRole('dialog', { name: plan_name });
        await expect(dialog).toBeVisible();
        expect(await accessibilityProblems(page)).toEqual([]);
        const box = await dialog.boundingBox();
        expect(box?.y).toBeGreaterThanOrEqual(0);
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(viewport.height);
      });
    });
  }
}

test('the skip link is the first stop and leads to the content', async ({ page }) => {
  await page.goto('/plans');
  await page.keyboard.press('Tab');
  const link = page.getByRole('link', { name: 'Skip to content' });
  await expect(link).toBeFocused();
  await expect(link).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('moving to a section focuses its heading, names the document, starts at the top', async ({
  page,
}) => {
  await page.goto('/plans', { waitUntil: 'networkidle' });
  await page.mouse.wheel(0, 800);
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page).toHaveTitle('Your profile · TreeBeard');
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
});

test('nothing moves for those who asked for that', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.route('**/api/v1/plans/catalog?*', () => undefined);
  await page.goto('/plans');
  await expect(page.locator('.loading__block').first()).toBeVisible();
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
});
