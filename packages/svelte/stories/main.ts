import { createClient } from '@latchkey/client'
import { mount } from 'svelte'
import '../src/embed.css'
import { ApiKeys } from '../src/index.ts'
import { stories, storyNames, type StoryName } from './stories.ts'

const asked = new URLSearchParams(location.search)
const target = document.querySelector<HTMLElement>('#story')!
const name = storyNames.find((one) => one === asked.get('story'))

if (name) await show(name)
else list()

async function show(name: StoryName): Promise<void> {
  const { host, props, play } = stories[name]
  document.title = name
  const client = createClient({ baseUrl: location.origin, fetch: host() })
  const locale = asked.get('locale') ?? 'en'
  mount(ApiKeys, { target, props: { client, locale, examplePath: '/v1/contacts', ...props } })
  await play?.(target)
  target.dataset['ready'] = ''
}

function list(): void {
  target.append(...storyNames.flatMap((story) => ['en', 'de'].map((locale) => link(story, locale))))
}

function link(story: string, locale: string): HTMLElement {
  const anchor = document.createElement('a')
  anchor.href = `?story=${story}&locale=${locale}`
  anchor.textContent = `${story}, ${locale}`
  return anchor
}
