"""Styles of the ten digits in several schools of handwriting.

They are drawn after published descriptions of handwriting models and of regional handwriting, not
after samples of any data set, so that real handwriting stays unseen. docs/handwriting.md shows all.
"""

from __future__ import annotations

from data_cache.synthesis.handwriting_style import SCHOOLS, HandwritingStyle, Part

_ALL = " ".join(SCHOOLS)


def _style(
    digit: int, name: str, schools: str, text: str, narrow: float = 0.68, **parts: Part
) -> HandwritingStyle:
    return HandwritingStyle(digit, name, tuple(schools.split()), text, parts, narrow)


_ZEROS = (
    _style(
        *(0, "oval", _ALL),
        "50,0 12,18 0,50 12,82 50,100 88,82 100,50 88,18 52,0@end",
        end=Part(x=(-20, 14), y=(-6, 14)),
    ),
    _style(
        *(0, "circle", "turkish indian east-asian"),
        "52,0 14,14 0,50 15,86 50,100 85,86 100,50 85,14 50,0@end",
        0.95,
        end=Part(x=(-14, 14), y=(-5, 8)),
    ),
    _style(
        *(0, "loop at the top", "eastern-european indian"),
        "64,6 28,4 2,44 12,88 50,100 88,84 96,46 76,12 50,4@loop 42,14@loop 58,24@loop 100,10@tail",
        loop=Part(size=(0.5, 1.3)),
        tail=Part(x=(-16, 14), y=(-12, 10)),
    ),
    _style(
        *(0, "clockwise", "indian italian"),
        "44,6 86,14 100,52 84,90 48,100 10,84 0,46 14,12 58,0@end",
        end=Part(x=(-16, 14), y=(-8, 10)),
    ),
    _style(
        *(0, "open at the top", "italian turkish british"),
        "66,8 36,0 4,34 6,80 46,100 90,84 98,44 88,12@end",
        end=Part(x=(-10, 4), y=(-12, 8)),
    ),
    _style(
        *(0, "slashed", "north-american german"),
        "50,0 12,18 0,50 12,82 50,100 88,82 100,50 88,18 50,0 / 86,6@slash 14,94@slash",
        slash=Part(x=(-6, 6), y=(-6, 6), size=(0.75, 1.25)),
    ),
)

_ONES = (
    _style(
        *(1, "bar", "north-american british indian east-asian"),
        "50,0 50,100",
        0.4,
    ),
    _style(
        *(1, "short flag", "british german turkish indian"),
        "18,24@flag 50,0! 50,100",
        0.55,
        flag=Part(x=(-14, 16), y=(-12, 12)),
    ),
    _style(
        *(1, "long flag", "french german italian eastern-european"),
        "0,52@flag 60,0! 60,100",
        0.55,
        flag=Part(x=(-10, 24), y=(-22, 28)),
    ),
    _style(
        *(1, "flag to the base line", "french german"),
        "0,92@flag 62,0! 64,100@foot",
        0.55,
        flag=Part(x=(-16, 14), y=(-30, 4)),
        foot=Part(x=(-8, 10)),
    ),
    _style(
        *(1, "curved flag", "french eastern-european"),
        "0,48@flag 34,36@bend 64,0! 60,100",
        0.55,
        flag=Part(x=(-8, 12), y=(-16, 22)),
        bend=Part(x=(-8, 6), y=(-6, 8)),
    ),
    _style(
        *(1, "flag and foot", "north-american british italian"),
        "14,24@flag 50,0! 50,100 / 6,100@foot 94,100@foot",
        0.6,
        flag=Part(x=(-14, 14), y=(-12, 16)),
        foot=Part(x=(-10, 10), y=(-4, 3), size=(0.5, 1.3)),
    ),
    _style(
        *(1, "long flag and foot", "italian turkish eastern-european"),
        "0,50@flag 56,0! 58,100 / 10,100@foot 100,98@foot",
        0.65,
        flag=Part(x=(-10, 16), y=(-20, 16)),
        foot=Part(x=(-8, 10), y=(-8, 4), size=(0.6, 1.3)),
    ),
    _style(
        *(1, "foot", "indian turkish british"),
        "50,0 50,100 / 12,100@foot 88,100@foot",
        0.5,
        foot=Part(x=(-12, 12), y=(-5, 3), size=(0.5, 1.4)),
    ),
    _style(
        *(1, "flag and foot in one stroke", "turkish italian"),
        "10,28@flag 54,0! 52,98! 8,100@left! 98,98@right",
        0.6,
        flag=Part(x=(-10, 16), y=(-14, 18)),
        left=Part(x=(-8, 22)),
        right=Part(x=(-22, 10), y=(-6, 4)),
    ),
)

_TWOS = (
    _style(
        *(2, "plain", _ALL),
        "5,24@start 28,2 66,0 94,22 80,50 40,80 0,100! 100,100@foot",
        start=Part(x=(-4, 10), y=(-14, 12)),
        foot=Part(x=(-20, 12), y=(-8, 4)),
    ),
    _style(
        *(2, "loop at the base", "north-american german eastern-european"),
        "6,24@start 28,2 66,0 92,22 78,52 42,84 12,98@loop 2,88@loop 16,80@loop 44,90 72,100 "
        "102,90@foot",
        start=Part(y=(-12, 12)),
        loop=Part(size=(0.5, 1.5)),
        foot=Part(x=(-12, 10), y=(-12, 8)),
    ),
    _style(
        *(2, "wavy base", "british french"),
        "8,24@start 30,2 68,0 92,22 78,50 40,82 2,98! 28,86@wave 64,100@wave 100,90@foot",
        start=Part(x=(-6, 8), y=(-12, 12)),
        wave=Part(y=(-4, 4), size=(0.7, 1.2)),
        foot=Part(x=(-10, 10), y=(-10, 8)),
    ),
    _style(
        *(2, "like a z", "italian turkish indian"),
        "2,12@start 36,2 92,2@top! 2,98! 98,98@foot",
        start=Part(x=(-4, 8), y=(-8, 10)),
        top=Part(x=(-10, 4), y=(-2, 8)),
        foot=Part(x=(-16, 8), y=(-6, 4)),
    ),
    _style(
        *(2, "curled start", "french eastern-european"),
        "22,34@curl 6,26@curl 20,3 60,0 92,20 80,50 36,84 0,100! 100,98@foot",
        curl=Part(x=(-4, 8), y=(-8, 8), size=(0.6, 1.4)),
        foot=Part(x=(-16, 10), y=(-8, 4)),
    ),
    _style(
        *(2, "rounded base", "east-asian north-american"),
        "8,20@start 36,0 76,4 90,28 62,60 20,88 8,100 42,97 100,96@foot",
        start=Part(x=(-6, 10), y=(-10, 16)),
        foot=Part(x=(-16, 8), y=(-10, 6)),
    ),
)

_THREES = (
    _style(
        *(3, "round", _ALL),
        "8,12@start 45,0 85,12 82,36 40,48! 90,58 96,84 52,100 2,88@tail",
        start=Part(x=(-6, 10), y=(-8, 12)),
        tail=Part(x=(-6, 10), y=(-12, 8)),
    ),
    _style(
        *(3, "flat top", "north-american italian eastern-european"),
        "4,4@start 92,2! 42,42@waist! 86,48 100,74 60,100 0,90@tail",
        start=Part(x=(-4, 16), y=(-4, 10)),
        waist=Part(x=(-14, 12), y=(-6, 6)),
        tail=Part(x=(-4, 12), y=(-14, 6)),
    ),
    _style(
        *(3, "loop in the middle", "north-american french indian"),
        "10,12@start 56,0 90,18 60,44 36,52@loop 32,44@loop 46,42@loop 82,54 98,76 60,100 "
        "2,90@tail",
        start=Part(y=(-8, 12)),
        loop=Part(x=(-8, 10), size=(0.6, 1.4)),
        tail=Part(y=(-14, 6)),
    ),
    _style(
        *(3, "shallow waist", "british indian turkish"),
        "6,10@start 52,0 90,18 74,42 54,50@waist 82,58 98,78 62,100 0,92@tail",
        start=Part(y=(-8, 12)),
        waist=Part(x=(-14, 6), y=(-3, 3)),
        tail=Part(y=(-12, 6)),
    ),
    _style(
        *(3, "curled tail", "french eastern-european"),
        "10,14@start 46,0 82,14 78,36 44,46! 86,54 98,80 60,100 10,94 2,80@tail 18,72@tail",
        start=Part(y=(-6, 12)),
        tail=Part(x=(-4, 8), y=(-8, 8), size=(0.6, 1.5)),
    ),
    _style(
        *(3, "pointed", "east-asian german"),
        "4,10@start 62,0 86,18 40,44! 92,60 92,86 50,100 0,92@tail",
        start=Part(x=(-4, 12), y=(-8, 8)),
        tail=Part(x=(-4, 14), y=(-10, 6)),
    ),
)

_FOURS = (
    _style(
        *(4, "open", "british german italian turkish indian"),
        "22,0@arm 2,58! 100,56@bar / 72,14@stem 66,100",
        arm=Part(x=(-12, 20), y=(-4, 12)),
        bar=Part(x=(-6, 10), y=(-10, 8)),
        stem=Part(x=(-8, 10), y=(-16, 20)),
    ),
    _style(
        *(4, "square", "north-american french east-asian"),
        "8,4@arm 6,52! 92,52@bar / 86,0@stem 86,100@stem",
        arm=Part(x=(-4, 10), y=(-4, 14)),
        bar=Part(x=(-2, 16), y=(-6, 6)),
        stem=Part(x=(-14, 6), y=(-4, 6)),
    ),
    _style(
        *(4, "closed", "east-asian north-american indian"),
        "64,0 0,68@corner! 100,68@bar / 64,0 64,100",
        corner=Part(x=(-4, 10), y=(-12, 8)),
        bar=Part(x=(-18, 8), y=(-8, 8)),
    ),
    _style(
        *(4, "short stem", "french british turkish"),
        "56,0@arm 0,64! 100,60@bar / 68,36@stem 58,100",
        arm=Part(x=(-16, 14)),
        bar=Part(x=(-12, 6), y=(-12, 8)),
        stem=Part(x=(-10, 10), y=(-14, 12)),
    ),
    _style(
        *(4, "lightning", "german eastern-european"),
        "68,0@arm 2,52@left! 94,48@right! 48,100@foot",
        arm=Part(x=(-34, 14), y=(-2, 8)),
        left=Part(x=(-4, 8), y=(-8, 10)),
        right=Part(x=(-10, 6), y=(-14, 6)),
        foot=Part(x=(-12, 28)),
    ),
    _style(
        *(4, "lightning with a raised bar", "german eastern-european italian"),
        "40,0@arm 2,66@left! 86,36@right! 58,100@foot",
        arm=Part(x=(-16, 20), y=(-2, 10)),
        left=Part(x=(-4, 10), y=(-10, 6)),
        right=Part(x=(-6, 12), y=(-14, 10)),
        foot=Part(x=(-14, 18)),
    ),
    _style(
        *(4, "cup", "italian turkish eastern-european"),
        "24,0@arm 4,46 24,64 62,54 90,12@top! 74,100@foot",
        arm=Part(x=(-14, 16), y=(-2, 16)),
        top=Part(x=(-6, 8), y=(-14, 10)),
        foot=Part(x=(-20, 14)),
    ),
    _style(
        *(4, "loop at the corner", "indian eastern-european"),
        "48,0@arm 12,52 2,68@loop 14,72@loop 24,60@loop 60,56 100,54@bar / 78,18@stem 64,100",
        arm=Part(x=(-12, 16)),
        loop=Part(size=(0.6, 1.4)),
        bar=Part(x=(-12, 6), y=(-8, 8)),
        stem=Part(x=(-10, 6), y=(-16, 18)),
    ),
)

_FIVES = (
    _style(
        *(5, "cap last", "british german italian turkish indian"),
        "22,0 14,42! 55,35 96,58 86,90 42,100 0,90@tail / 22,0 94,0@cap",
        tail=Part(x=(-4, 12), y=(-10, 6)),
        cap=Part(x=(-24, 10), y=(-6, 6)),
    ),
    _style(
        *(5, "cap first", "north-american eastern-european east-asian"),
        "92,0@cap 20,2! 12,46! 58,36 96,64 72,97 2,94@tail",
        cap=Part(x=(-20, 10), y=(-6, 8)),
        tail=Part(x=(-4, 12), y=(-12, 6)),
    ),
    _style(
        *(5, "like an s", "north-american indian italian"),
        "90,5@start 42,2 12,24 38,44 86,62 84,90 40,100 2,90@tail",
        start=Part(x=(-10, 8), y=(-6, 8)),
        tail=Part(x=(-4, 10), y=(-12, 6)),
    ),
    _style(
        *(5, "loose cap", "french british east-asian"),
        "22,8 12,46! 54,36 94,60 80,94 32,100 0,88@tail / 36,-2@cap 104,-8@cap",
        tail=Part(x=(-4, 10), y=(-12, 6)),
        cap=Part(x=(-16, 10), y=(-4, 8), size=(0.6, 1.2)),
    ),
    _style(
        *(5, "large belly", "french turkish"),
        "36,0 24,34@neck! 62,26 100,54 84,92 36,100 0,84@tail / 36,0 92,2@cap",
        neck=Part(x=(-6, 6), y=(-6, 6)),
        tail=Part(x=(-4, 10), y=(-10, 8)),
        cap=Part(x=(-18, 10), y=(-8, 6)),
    ),
    _style(
        *(5, "curled tail", "eastern-european german"),
        "30,0 18,42! 56,36 94,60 84,92 40,100 6,88 8,74@tail 22,72@tail / 30,0 62,6 98,0@cap",
        tail=Part(x=(-4, 8), y=(-8, 8), size=(0.6, 1.5)),
        cap=Part(x=(-20, 8), y=(-8, 6)),
    ),
    _style(
        *(5, "square", "turkish east-asian"),
        "95,0@cap 10,0! 8,44! 80,42 98,70 78,100 0,98@tail",
        cap=Part(x=(-16, 8), y=(-4, 6)),
        tail=Part(x=(-4, 14), y=(-10, 4)),
    ),
)

_SIXES = (
    _style(
        *(6, "curved", _ALL),
        "76,0@top 32,22 4,64 20,96 60,100 92,80 74,56 40,56 8,76@end",
        top=Part(x=(-20, 12), y=(-2, 8)),
        end=Part(x=(-6, 12), y=(-8, 8)),
    ),
    _style(
        *(6, "straight stem", "british german east-asian"),
        "54,0@top 14,52 4,82 36,100 84,94 92,70 56,52 10,76@end",
        top=Part(x=(-24, 22)),
        end=Part(x=(-4, 12), y=(-8, 6)),
    ),
    _style(
        *(6, "bent-over top", "eastern-european italian turkish"),
        "94,24@hook 80,4@hook 44,4 10,40 4,80 40,100 88,88 90,62 52,50 8,72@end",
        hook=Part(x=(-10, 6), y=(-8, 12), size=(0.6, 1.3)),
        end=Part(x=(-4, 12), y=(-8, 8)),
    ),
    _style(
        *(6, "small ring", "north-american french indian"),
        "70,0@top 24,26 2,70 18,97 50,100@ring 74,84@ring 54,66@ring 10,80@end",
        top=Part(x=(-24, 16), y=(-2, 8)),
        ring=Part(x=(-6, 10), y=(-6, 2), size=(0.8, 1.15)),
        end=Part(x=(-4, 10), y=(-8, 8)),
    ),
    _style(
        *(6, "open ring", "british east-asian"),
        "66,0@top 20,34 2,74 34,100 84,94 90,68 56,58@end",
        top=Part(x=(-20, 16)),
        end=Part(x=(-24, 6), y=(-4, 10)),
    ),
    _style(
        *(6, "curled ring", "french turkish"),
        "80,2@top 30,14 0,56 14,94 60,100 92,78 74,54 40,58 34,76@end 54,82@end",
        top=Part(x=(-20, 10), y=(-2, 10)),
        end=Part(x=(-8, 8), y=(-6, 6), size=(0.6, 1.2)),
    ),
)

_SEVENS = (
    _style(
        *(7, "plain", "north-american british indian"),
        "0,2@start 100,0! 42,100@foot",
        start=Part(x=(-4, 14), y=(-4, 12)),
        foot=Part(x=(-26, 24)),
    ),
    _style(
        *(7, "bar", "french german italian turkish"),
        "0,3@start 98,0! 42,100@foot / 22,52@bar 86,48@bar",
        start=Part(x=(-4, 12), y=(-4, 10)),
        foot=Part(x=(-20, 20)),
        bar=Part(x=(-10, 12), y=(-14, 10), size=(0.6, 1.3)),
    ),
    _style(
        *(7, "serif", "east-asian french"),
        "2,24@serif 4,2! 98,0! 54,48 42,100@foot",
        serif=Part(x=(-4, 8), y=(-10, 10)),
        foot=Part(x=(-16, 24)),
    ),
    _style(
        *(7, "serif and bar", "german eastern-european turkish"),
        "2,22@serif 4,2! 98,0! 54,48 40,100@foot / 24,54@bar 88,48@bar",
        serif=Part(x=(-4, 8), y=(-10, 10)),
        foot=Part(x=(-14, 22)),
        bar=Part(x=(-10, 10), y=(-10, 12), size=(0.6, 1.3)),
    ),
    _style(
        *(7, "wavy top", "eastern-european british"),
        "0,16@start 20,3@wave 60,12@wave 100,0! 58,46 40,100@foot",
        start=Part(x=(-4, 8), y=(-8, 8)),
        wave=Part(y=(-2, 4), size=(0.8, 1.2)),
        foot=Part(x=(-16, 22)),
    ),
    _style(
        *(7, "wavy top and bar", "eastern-european french"),
        "0,16@start 20,3@wave 60,12@wave 100,0! 60,46 42,100@foot / 26,54@bar 90,48@bar",
        start=Part(x=(-4, 8), y=(-8, 8)),
        wave=Part(y=(-2, 4), size=(0.8, 1.2)),
        foot=Part(x=(-16, 22)),
        bar=Part(x=(-10, 8), y=(-10, 12), size=(0.6, 1.3)),
    ),
    _style(
        *(7, "low bar", "italian turkish"),
        "0,3@start 98,0! 44,100@foot / 12,76@bar 90,70@bar",
        start=Part(x=(-4, 12), y=(-4, 10)),
        foot=Part(x=(-20, 20)),
        bar=Part(x=(-10, 10), y=(-10, 12), size=(0.6, 1.25)),
    ),
    _style(
        *(7, "joined bar", "turkish italian"),
        "0,4@start 98,0! 46,100@foot! 14,58@left! 88,52@right",
        start=Part(x=(-4, 12), y=(-4, 12)),
        foot=Part(x=(-14, 18)),
        left=Part(x=(-10, 12), y=(-12, 14)),
        right=Part(x=(-16, 10), y=(-14, 14)),
    ),
    _style(
        *(7, "upright stem", "east-asian indian"),
        "0,22@serif 2,2! 92,0! 86,50 82,100@foot",
        serif=Part(x=(-4, 8), y=(-18, 8)),
        foot=Part(x=(-14, 8)),
    ),
)

_EIGHTS = (
    _style(
        *(8, "one stroke", _ALL),
        "84,14@start 50,0 14,18 42,46 86,70 60,100 18,94 12,72 54,46 86,22@end 76,8@end",
        start=Part(x=(-8, 8), y=(-8, 6)),
        end=Part(x=(-8, 6), y=(-6, 6)),
    ),
    _style(
        *(8, "two rings", "indian turkish british"),
        "50,0 14,22 50,46 86,22 50,0 / 50,44@low 4,72@low 50,100@low 96,72@low 50,44@low",
        low=Part(x=(-6, 6), size=(0.85, 1.1)),
    ),
    _style(
        *(8, "from the middle", "italian indian"),
        "50,46 14,22@top 50,0@top 86,20@top 50,47 6,76 50,100 94,76 50,45",
        top=Part(x=(-6, 6), size=(0.8, 1.15)),
    ),
    _style(
        *(8, "open at the top", "french east-asian british"),
        "92,6@start 54,0 16,16 42,44 88,70 60,100 14,92 22,66 66,38 90,14@end",
        start=Part(x=(-8, 8), y=(-6, 8)),
        end=Part(x=(-8, 10), y=(-4, 12)),
    ),
    _style(
        *(8, "small top", "north-american german"),
        "70,12@top 50,0@top 30,12@top 44,34 92,66 70,100 22,98 4,72 52,38 72,18@top",
        top=Part(x=(-8, 10), size=(0.8, 1.5)),
    ),
    _style(
        *(8, "angular crossing", "eastern-european german"),
        "86,16@start 58,0 20,12 26,36 76,64 66,98 24,98 16,74 82,30 84,10@end",
        start=Part(x=(-8, 6), y=(-8, 6)),
        end=Part(x=(-8, 6), y=(-6, 6)),
    ),
)

_NINES = (
    _style(
        *(9, "straight stem", "north-american british indian east-asian"),
        "90,14 50,0 8,20 16,46 56,50 92,18! 88,100@foot",
        foot=Part(x=(-30, 6)),
    ),
    _style(
        *(9, "curved tail", "french german italian"),
        "88,16 48,0 6,22 18,48 60,48 92,18! 94,60 70,94 28,100@tail 6,90@tail",
        tail=Part(x=(-6, 14), y=(-10, 4)),
    ),
    _style(
        *(9, "tail curled under", "turkish italian eastern-european"),
        "84,12 44,0 8,18 28,42 82,16! 92,58 70,96 28,100 6,84@tail 24,70@tail 54,66@tip",
        tail=Part(x=(-6, 10), y=(-6, 8)),
        tip=Part(x=(-14, 14), y=(-8, 14)),
    ),
    _style(
        *(9, "like a g", "eastern-european german"),
        "84,14 44,2 10,24 34,46 82,16! 88,74 46,100 0,76@tail",
        tail=Part(x=(-6, 14), y=(-10, 14)),
    ),
    _style(
        *(9, "flat foot", "eastern-european turkish"),
        "82,14 44,0 12,22 42,46 82,16! 86,78 74,98! 0,100@foot",
        foot=Part(x=(-6, 26), y=(-8, 4)),
    ),
    _style(
        *(9, "like a p", "east-asian"),
        "24,4@top 20,100@foot / 22,8@ring 60,0@ring 98,20@ring 74,46@ring 20,46@ring",
        0.6,
        top=Part(x=(-6, 6), y=(-6, 8)),
        foot=Part(x=(-12, 12)),
        ring=Part(y=(-4, 6), size=(0.8, 1.1)),
    ),
    _style(
        *(9, "open ring", "east-asian french"),
        "82,6@start 40,4 8,26 30,46 88,30 / 92,0@stem 86,100@foot",
        start=Part(x=(-14, 8), y=(-4, 8)),
        stem=Part(x=(-6, 6), y=(-4, 10)),
        foot=Part(x=(-18, 8)),
    ),
    _style(
        *(9, "slanted stem", "british north-american turkish"),
        "84,10 40,0 4,26 20,48 66,38 92,6! 50,100@foot",
        foot=Part(x=(-20, 24)),
    ),
)

HANDWRITING_STYLES: tuple[HandwritingStyle, ...] = (
    *(*_ZEROS, *_ONES, *_TWOS, *_THREES, *_FOURS),
    *(*_FIVES, *_SIXES, *_SEVENS, *_EIGHTS, *_NINES),
)
"""All styles, by digit."""


def styles_without(school: str) -> tuple[HandwritingStyle, ...]:
    """Return the styles that a school, one of `SCHOOLS`, does not use."""
    return tuple(style for style in HANDWRITING_STYLES if school not in style.schools)
