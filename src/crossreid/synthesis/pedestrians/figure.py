"""A person, dressed and posed, as the pieces that a camera sees from back to front."""

from functools import lru_cache

from crossreid.synthesis.pedestrians import accessories, face, garments, head, headwear, limbs, outerwear
from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.part import Part
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.skeleton import pose
from crossreid.synthesis.pedestrians.trunk import Trunk, shape_trunk


# The three modalities of one shot are usually rendered one after the other.
@lru_cache(maxsize=4)
def build_figure(person: Pedestrian, shot: Shot) -> tuple[Part, ...]:
    """The pieces of a person in painting order: what comes later hides what came before."""
    skeleton = pose(person, shot)
    trunk = shape_trunk(skeleton)
    place = head.place_head(person, skeleton)
    handed = 0 if person.right_handed else 1
    behind = [index for index in (0, 1) if _arm_is_behind(trunk, index)]
    before = [index for index in (1, 0) if index not in behind]
    hidden_pack = person.bag == "backpack" and accessories.backpack_is_behind(trunk)
    strap_side_hidden = skeleton.sin_yaw * (1.0 if person.right_handed else -1.0) < -0.6

    parts: list[Part] = []
    if person.bag == "suitcase" and skeleton.cos_yaw > 0.3:
        parts += accessories.hand_bag(person, trunk)
    for index in behind:
        parts += _arm_with_things(person, trunk, index, holds=index == handed)
    if hidden_pack:
        parts += accessories.backpack(person, trunk)
    if person.bag in ("shoulder bag", "crossbody bag") and strap_side_hidden:
        parts += accessories.slung_bag(person, trunk)
    parts += head.hair_behind(person, place)
    for index in sorted((0, 1), key=lambda i: skeleton.nearness(skeleton.ankles[i])):
        parts += limbs.leg(person, skeleton, index)
    if not (person.upper == "dress" and person.lower in ("short skirt", "shorts")):
        parts += garments.hips(person, trunk)
    parts += head.neck(person, place)
    parts += garments.upper(person, trunk)
    if person.neckwear == "tie":
        parts += outerwear.neckwear(person, trunk)
    parts += outerwear.outer(person, trunk)
    if person.bag != "none":
        parts += accessories.straps(person, trunk)
    if person.neckwear == "scarf":
        parts += outerwear.neckwear(person, trunk)
    parts += head.skull(person, place)
    if head.face_is_seen(place):
        parts += face.face_parts(person, place)
    parts += head.ears(person, place)
    parts += head.hair_over(person, place)
    parts += headwear.headwear(person, place)
    if person.bag == "backpack" and not hidden_pack:
        parts += accessories.backpack(person, trunk)
    if person.bag == "crossbody bag" and not strap_side_hidden:
        parts += accessories.slung_bag(person, trunk)
    for index in before:
        parts += _arm_with_things(person, trunk, index, holds=index == handed)
    if person.bag == "shoulder bag" and not strap_side_hidden:
        parts += accessories.slung_bag(person, trunk)
    if person.bag == "suitcase" and skeleton.cos_yaw <= 0.3:
        parts += accessories.hand_bag(person, trunk)
    return tuple(parts)


def _arm_is_behind(trunk: Trunk, index: int) -> bool:
    skeleton = trunk.skeleton
    depth = skeleton.nearness(skeleton.elbows[index]) * 0.5 + skeleton.nearness(skeleton.wrists[index]) * 0.5
    if abs(skeleton.sin_yaw) > 0.6:
        return skeleton.nearness(skeleton.shoulders[index]) < 0.0
    return depth < -9.0


def _arm_with_things(person: Pedestrian, trunk: Trunk, index: int, *, holds: bool) -> list[Part]:
    arm = limbs.arm(person, trunk.skeleton, index)
    if not holds:
        return arm
    things = accessories.carried(person, trunk)
    if person.bag == "handbag":
        things = accessories.hand_bag(person, trunk) + things
    # The fingers close around what is carried, so the hand comes last.
    hand = [part for part in arm if part.name == "hand"]
    return [part for part in arm if part.name != "hand"] + things + hand
