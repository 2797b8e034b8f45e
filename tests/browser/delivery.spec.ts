import { expect, test } from './support/test';

const POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'";

test.describe(() => {
  // Provoked below.
  test.use({ tolerate: /img-src|data:image/ });

  test('pages come with the policy, and the policy is in force', async ({ page }) => {
    const response = await page.goto('/');
    expect(response?.headers()['content-security-policy']).toBe(POLICY);
    // The watch in support/test.ts would see nothing if nothing were ever blocked: prove it works.
    const blocked = await page.evaluate(
      () =>
        new Promise((resolve) => {
          document.addEventListener(
            'securitypolicyviolation',
            (event) => {
              event.stopImmediatePropagation();
              resolve(event.violatedDirective);
            },
            { capture: true, once: true },
          );
          const image = new Image();
          image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
        }),
    );
    expect(blocked).toBe('img-src');
  });
});

test('a missing asset is a real 404, never the page', async ({ request }) => {
  for (const path of ['/assets/gone.00000000.js', '/images/gone.png', '/gone.css']) {
    const response = await request.get(path);
    expect(response.status(), path).toBe(404);
    expect(await response.text(), path).not.toContain('id="root"');
  }
});

test('everything that index.html and the manifest name is there', async ({ page, request }) => {
  await page.goto('/');
  const named = await page
    .locator('link[href], script[src]')
    .evaluateAll((nodes) => nodes.map((n) => n.getAttribute('href') ?? n.getAttribute('src')));
  const card = await page.locator('meta[property="og:image"]').getAttribute('content');
  const manifest = await page.locator('link[rel="manifest"]').getAttribute('href');
  const response = await request.get(manifest ?? '');
  const { icons } = (await response.json()) as { icons: { src: string }[] };
  const addresses = [...named, card, ...icons.map(({ src }) => src), '/robots.txt'];
  expect(addresses.length).toBeGreaterThan(8);
  for (const address of addresses) {
    expect((await request.get(address ?? '')).status(), address ?? '').toBe(200);
  }
});
