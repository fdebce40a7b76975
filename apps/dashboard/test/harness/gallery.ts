import { mkdir, writeFile } from 'node:fs/promises'
import { test, type Page } from '@playwright/test'

/** Where pictures of the pages go; they are taken only for `npm run gallery`, which says it. */
const folder = process.env['GALLERY']
export const takesPictures = folder !== undefined

/** Keeps pictures of one state of a page as one sheet, named after the test and after which of its states it is. */
export async function keepSheet(page: Page, pictures: Buffer[]): Promise<void> {
  if (folder === undefined) return
  const info = test.info()
  const kept = info.annotations.filter(({ type }) => type === 'picture').length
  info.annotations.push({ type: 'picture' })
  const state = info.title.replace(/^axe finds nothing on (.*), whatever theme and width$/, '$1')
  const name = `${state}${kept > 0 ? ` ${kept + 1}` : ''}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  await mkdir(folder, { recursive: true })
  const blank = await page.context().browser()!.newPage()
  await writeFile(`${folder}/${name}.webp`, await composeSheet(blank, pictures))
  await blank.close()
}

/** Pictures side by side at half their size, as one WebP; the browser draws it, so nothing else is needed for that. */
async function composeSheet(page: Page, pictures: Buffer[]): Promise<Buffer> {
  await page.setContent('<canvas></canvas>')
  const base64 = await page.evaluate(
    async (sources) => {
      const gap = 16
      const images = await Promise.all(
        sources.map(async (source) =>
          createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob()),
        ),
      )
      const canvas = document.querySelector('canvas')!
      canvas.width = images.reduce((width, image) => width + image.width / 2 + gap, gap)
      canvas.height = Math.max(...images.map(({ height }) => height / 2)) + 2 * gap
      const context = canvas.getContext('2d')!
      context.fillStyle = '#8a8a8a'
      context.fillRect(0, 0, canvas.width, canvas.height)
      context.imageSmoothingQuality = 'high'
      let x = gap
      for (const image of images) {
        context.drawImage(image, x, gap, image.width / 2, image.height / 2)
        x += image.width / 2 + gap
      }
      return canvas.toDataURL('image/webp', 0.8).split(',')[1]!
    },
    pictures.map((picture) => picture.toString('base64')),
  )
  return Buffer.from(base64, 'base64')
}
