"""Payers who do not exist: names put together by chance, addresses in domains kept for examples."""

import random

_FIRST_NAMES = (
    "Aarav Aditi Akio Amara Anika Anton Asha Bela Carla Chiara Devika Diego Elena Emil Farah Femi Gita Hana Hugo Ines "
    "Isha Ivan Jaya Jonas Kabir Kavya Kenji Lara Leila Luca Maya Mehmet Meera Milan Naoko Nikhil Nora Omar Pia Priya "
    "Rafael Ravi Rohan Sara Sofia Tara Tomas Uma Vikram Yara Yuki Zoya"
)
_LAST_NAMES = (
    "Adler Arora Bauer Bhat Castro Chandra Costa Das Dubois Ferrari Fischer Ghosh Haas Ito Iyer Jansen Kapoor Keller "
    "Khanna Kimura Kulkarni Lang Malik Mehta Mori Nair Novak Okafor Patil Pereira Rao Reddy Rossi Sato Sen Shah Silva "
    "Singh Tanaka Thomas Varma Weber Wolf Yadav Zimmer"
)
_FIRST, _LAST = _FIRST_NAMES.split(), _LAST_NAMES.split()
_DOMAINS = ("example.com", "example.net", "example.org")


def person(number: int, chance: random.Random) -> tuple[str, str]:
    """Make up the name and the e-mail address of a merchant's payer."""
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return f"{first} {last}", f"{first}.{last}{number}@{chance.choice(_DOMAINS)}".lower()
