# SPDX-License-Identifier: BSD-2-Clause
"""The picture of the demo: an expansion card before an evening sky.

Shapes are functions that return how far outside of them a point is, negative inside: half a pixel
around zero makes smooth edges.
"""

from math import hypot

WIDTH, HEIGHT = 640, 480
FONT = {  # 5 dots wide and 7 high, with 2 more below the line
    "p": "..... ..... ####. #...# #...# #...# ####. #.... #....",
    "c": "..... ..... .###. #.... #.... #...# .###.",
    "i": "..#.. ..... .##.. ..#.. ..#.. ..#.. .###.",
    "b": "#.... #.... ####. #...# #...# #...# ####.",
    "a": "..... ..... .###. ....# .#### #...# .####",
    "r": "..... ..... #.##. ##..# #.... #.... #....",
}


def box(left, top, right, bottom, radius=0.0):
    """A rectangle with round corners, with what it covers."""
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    half_x, half_y = (right - left) / 2 - radius, (bottom - top) / 2 - radius

    def distance(x, y):
        x, y = abs(x - middle_x) - half_x, abs(y - middle_y) - half_y
        return hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - radius
    return distance, (left, top, right, bottom)


def line(x1, y1, x2, y2, width):
    """A stroke with round ends."""
    run_x, run_y = x2 - x1, y2 - y1
    square = run_x * run_x + run_y * run_y or 1

    def distance(x, y):
        along = min(1, max(0, ((x - x1) * run_x + (y - y1) * run_y) / square))
        return hypot(x - x1 - along * run_x, y - y1 - along * run_y) - width / 2
    half = width / 2
    return distance, (min(x1, x2) - half, min(y1, y2) - half,
                      max(x1, x2) + half, max(y1, y2) + half)


def disc(x, y, radius):
    return line(x, y, x, y, 2 * radius)


def mix(old, new, part):
    return bytes(new) if part == 1 else bytes(round(a + (b - a) * part) for a, b in zip(old, new))


class Canvas:
    def __init__(self):
        self.rgb = bytearray(3 * WIDTH * HEIGHT)

    def sky(self, top, bottom):
        """A gradient downwards and a little to the right."""
        steps = 4 * HEIGHT + WIDTH
        shades = b"".join(mix(top, bottom, step / steps) for step in range(steps))
        for y in range(HEIGHT):
            self.rgb[3 * WIDTH * y:3 * WIDTH * (y + 1)] = shades[12 * y:12 * y + 3 * WIDTH]

    def paint(self, shape, color, opacity=1.0):
        distance, (left, top, right, bottom) = shape
        for y in range(int(top) - 1, int(bottom) + 2):
            for x in range(int(left) - 1, int(right) + 2):
                part = min(1, 0.5 - distance(x + 0.5, y + 0.5)) * opacity
                if part > 0:
                    at = 3 * (WIDTH * y + x)
                    self.rgb[at:at + 3] = mix(self.rgb[at:at + 3], color, part)

    def text(self, left, top, dot, text, color):
        for number, letter in enumerate(text):
            for row, dots in enumerate(FONT[letter].split()):
                for column, ink in enumerate(dots):
                    if ink == "#":
                        x, y = left + (6 * number + column) * dot, top + row * dot
                        self.paint(box(x, y, x + dot, y + dot), color)


GOLD, GOLD_LIGHT = (232, 181, 74), (255, 222, 140)
BOARD, BOARD_EDGE, TRACE = (18, 104, 84), (46, 158, 126), (40, 140, 112)
STEEL, STEEL_LIGHT = (150, 160, 172), (206, 214, 222)
CHIP_TOPS = (146, 201, 256)
CHIP, CHIP_EDGE, INK = (28, 31, 40), (66, 72, 88), (236, 240, 244)


def bracket(canvas):
    canvas.paint(box(66, 92, 84, 420, 3), STEEL)
    canvas.paint(box(69, 95, 73, 417, 2), STEEL_LIGHT)
    canvas.paint(box(48, 84, 100, 98, 4), STEEL)
    for top in (150, 214):
        canvas.paint(box(56, top, 90, top + 46, 4), CHIP)
        canvas.paint(box(60, top + 6, 88, top + 40, 2), CHIP_EDGE)


def fingers(canvas):
    """The edge connector, with the key after the eleventh pair."""
    canvas.paint(box(150, 356, 214, 402, 4), BOARD)
    canvas.paint(box(228, 356, 470, 402, 4), BOARD)
    for x in (*range(156, 208, 9), *range(234, 464, 9)):
        canvas.paint(box(x, 364, x + 6, 398, 2), GOLD)
        canvas.paint(box(x + 1, 365, x + 3, 396, 1), GOLD_LIGHT)


def traces(canvas):
    """From the chip to the connector, at right angles and half of them, and to the small chips."""
    for number in range(11):
        pin, finger = 257 + 12.5 * number, 237 + 18 * number
        corner = 316 + abs(finger - pin)
        canvas.paint(line(pin, 296, pin, 316, 2.4), TRACE)
        canvas.paint(line(pin, 316, finger, corner, 2.4), TRACE)
        canvas.paint(line(finger, corner, finger, 364, 2.4), TRACE)
    for top in CHIP_TOPS:
        for y in range(top + 9, top + 34, 8):
            canvas.paint(line(190, y, 240, y, 2.4), TRACE)
            canvas.paint(line(404, y, 468, y, 2.4), TRACE)


def parts(canvas):
    for top in CHIP_TOPS:
        for left in (138, 468):
            canvas.paint(box(left, top, left + 52, top + 42, 3), CHIP)
            canvas.paint(box(left + 3, top + 3, left + 49, top + 39, 2), CHIP_EDGE, 0.35)
            canvas.paint(disc(left + 9, top + 9, 2.5), CHIP_EDGE)
    for y in (178, 222, 266):
        canvas.paint(disc(560, y, 15), STEEL)
        canvas.paint(disc(560, y, 11), STEEL_LIGHT)
        canvas.paint(line(554, y, 566, y, 2), STEEL)
    for x, y in ((112, 132), (584, 132), (584, 340), (112, 340)):
        canvas.paint(disc(x, y, 9), GOLD)
        canvas.paint(disc(x, y, 5), (16, 24, 52))


def chip(canvas):
    for number in range(11):
        along = 254 + 12.5 * number
        for top, bottom in ((146, 156), (288, 298)):
            canvas.paint(box(along, top, along + 6, bottom, 1), STEEL_LIGHT)
    canvas.paint(box(240, 152, 404, 292, 8), CHIP_EDGE)
    canvas.paint(box(243, 155, 401, 289, 7), CHIP)
    canvas.paint(disc(256, 168, 4), CHIP_EDGE)
    canvas.text(251, 204, 4, "pcibar", INK)


def draw():
    """The picture as bytes of red, green and blue."""
    canvas = Canvas()
    canvas.sky((14, 20, 52), (214, 96, 88))
    canvas.paint(box(98, 124, 612, 374, 16), (0, 0, 0), 0.30)
    canvas.paint(box(90, 112, 604, 360, 12), BOARD_EDGE)
    canvas.paint(box(93, 115, 601, 357, 10), BOARD)
    fingers(canvas)
    bracket(canvas)
    traces(canvas)
    parts(canvas)
    chip(canvas)
    return bytes(canvas.rgb)


def xrgb(rgb):
    """As a frame buffer with 32 bits a pixel has it: blue, green, red, nothing."""
    pixels = bytearray(4 * (len(rgb) // 3))
    for place, color in enumerate((rgb[2::3], rgb[1::3], rgb[0::3])):
        pixels[place::4] = color
    return bytes(pixels)
