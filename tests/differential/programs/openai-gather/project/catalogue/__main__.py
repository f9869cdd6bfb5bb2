import asyncio

from .products import PRODUCTS
from .settings import settings
from .write import describe, merge


async def main():
    semaphore = asyncio.Semaphore(settings.parallel)
    lines = await asyncio.gather(*[describe(product, semaphore) for product in PRODUCTS])
    print(await merge(lines))


asyncio.run(main())
