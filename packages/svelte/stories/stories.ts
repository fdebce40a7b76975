import type { ApiKeysProps } from '../src/api-keys-props.ts'
import { apiKeys, manyKeys, sampleKey } from './sample-keys.ts'
import { stubHost, type Fetch } from './stub-host.ts'

interface Story {
  host: () => Fetch
  props?: Partial<ApiKeysProps>
  /** What somebody does until the state is there. */
  play?: (page: HTMLElement) => Promise<void>
}

const filled = () => stubHost({ keys: apiKeys() })
/** Behind a dialog. */
const single = () => stubHost({ keys: [sampleKey({})] })

const own = {
  empty: { host: () => stubHost({ keys: [] }), play: until('h3') },
  filled: { host: filled, play: until('tbody') },
  many: { host: () => stubHost({ keys: manyKeys() }), play: until('nav') },
  'no-results': {
    host: filled,
    play: async (page) => {
      const search = await find<HTMLInputElement>(page, '[type=search]')
      search.value = 'nothing like it'
      search.form!.requestSubmit()
      await find(page, 'h3')
    },
  },
  creating: { host: single, play: openForm },
  revealed: {
    host: single,
    play: async (page) => {
      await openForm(page)
      const name = await find<HTMLInputElement>(page, '#name')
      name.value = 'Integration with CRM'
      name.form!.requestSubmit()
      await find(page, 'code[data-1p-ignore]')
    },
  },
  menu: { host: filled, play: openMenu },
  renaming: { host: single, play: choose(0) },
  rotating: { host: single, play: choose(1) },
  deleting: {
    host: single,
    play: async (page) => {
      await choose(3)(page)
      await find(page, '#delete-name')
    },
  },
  error: { host: () => stubHost({ keys: [], status: 503 }), play: until('[role=alert]') },
  'signed-out': { host: () => stubHost({ keys: [], status: 401 }), play: until('[role=alert]') },
  forbidden: { host: () => stubHost({ keys: [], status: 403 }), play: until('[role=alert]') },
  viewer: { host: filled, props: { readOnly: true }, play: until('tbody') },
  loading: { host: () => () => new Promise<Response>(() => undefined) },
} satisfies Record<string, Story>

export type StoryName = keyof typeof own
export const stories: Record<StoryName, Story> = own
export const storyNames = Object.keys(own) as StoryName[]

async function find<Found extends HTMLElement = HTMLElement>(
  page: HTMLElement,
  selector: string,
): Promise<Found> {
  for (;;) {
    const found = page.querySelector<Found>(selector)
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function until(selector: string) {
  return async (page: HTMLElement) => void (await find(page, selector))
}

async function openForm(page: HTMLElement): Promise<void> {
  await find(page, 'tbody')
  ;(await find(page, '.button-primary')).click()
  await find(page, '#name')
}

async function openMenu(page: HTMLElement): Promise<void> {
  ;(await find(page, '[aria-haspopup=menu]')).click()
  await find(page, '[role=menuitem]')
}

/** Opens the menu of the first key, and takes one of its lines. */
function choose(line: number) {
  return async (page: HTMLElement) => {
    await openMenu(page)
    page.querySelectorAll<HTMLElement>('[role=menuitem]')[line]!.click()
    await find(page, 'dialog[open] form')
  }
}
