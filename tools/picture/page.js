// Draws one message from the payload in window.payload: {question, embed, rows}, as Discord's clients do.
import "@skyra/discord-components-core";
import { parse } from "discord-markdown-parser";

const TAGS = { strong: "strong", em: "em", blockQuote: "discord-quote", subtext: "discord-subscript" };
const STYLES = ["", "primary", "secondary", "success", "destructive"];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function drawn(nodes) {
  return nodes.map((node) => {
    if (node.type === "text") return element("span", {}, node.content);
    if (node.type === "br") return element("br");
    if (node.type === "twemoji") return node.name;
    if (node.type === "link") return element("discord-link", { href: node.target }, ...drawn(node.content));
    if (!(node.type in TAGS)) throw new Error(`no element for ${node.type}`);
    return element(TAGS[node.type], {}, ...drawn(node.content));
  });
}

const { question, embed, rows } = window.payload;
const colour = `#${embed.color.toString(16).padStart(6, "0")}`;
const shown = element("discord-embed", { slot: "embeds", color: colour, "author-name": embed.author.name },
  element("discord-embed-description", { slot: "description" }, ...drawn(parse(embed.description, "extended"))),
  element("discord-embed-footer", { slot: "footer" }, embed.footer.text));
const buttons = rows.map((row) => element("discord-action-row", {}, ...row.map((button) =>
  element("discord-button", { type: STYLES[button.style] }, button.label))));
const avatar = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">
  <rect width="40" height="40" fill="#2e9e6b"/>
  <path fill="#fff" d="M10 21c0-5 3-9 8-10l1 2c-3 1-4.500 3-4.600 5H18v9h-8zm13 0c0-5 3-9 8-10l1 2c-3 1-4.500 3-4.600 5H31v9h-8z"/></svg>`)}`;
const asker = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="#d98c5f"/></svg>`)}`;

document.body.append(element("discord-messages", {},
  element("discord-message", { author: "Quoth", bot: "", verified: "", avatar, timestamp: "Today at 10:24" },
    element("discord-command", { slot: "reply", author: "Mina", command: "/ask", avatar: asker, "role-color": "#d98c5f" }),
    shown,
    element("discord-attachments", { slot: "components" }, ...buttons))));
document.fonts.ready.then(() => setTimeout(() => {
  document.body.dataset.height = Math.ceil(document.querySelector("discord-messages").getBoundingClientRect().height);
}, 200));
