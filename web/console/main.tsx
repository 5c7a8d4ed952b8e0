import { createRoot } from "react-dom/client";
import { systemClock } from "../shared/clock";
import type { SocketLike } from "../shared/reconnecting-socket";
import { webStorage } from "../shared/storage";
import { Console } from "./state/console";
import "./styles/mantine.css";
import "./styles/index.css";
import { App } from "./ui/app";
import { ConsoleHttp } from "./wire/http";

const storage = webStorage(() => localStorage, "careline-console:");
const http = new ConsoleHttp({
  fetch: (url, init) => fetch(url, init),
  clock: systemClock,
  onExpired: () => desk_console.expire(),
});
const desk_console = new Console({ http, openSocket, clock: systemClock, storage });

function openSocket(): SocketLike {
  const url = new URL("/console/socket", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url) as SocketLike;
}

window.addEventListener("online", () => desk_console.wake());
window.addEventListener("pageshow", () => desk_console.wake());
document.addEventListener("visibilitychange", () => document.hidden || desk_console.wake());
window.addEventListener("pagehide", () => desk_console.leave());

const root = document.getElementById("console");
if (root !== null) createRoot(root).render(<App console={desk_console} storage={storage} />);
void desk_console.start();
